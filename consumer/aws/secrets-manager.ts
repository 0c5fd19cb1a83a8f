import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { clientOptions } from "./clients.ts";

/** Text of a secret, by name or ARN. */
export async function readSecretValue(name: string): Promise<string | undefined> {
  return (await new SecretsManagerClient(clientOptions).send(new GetSecretValueCommand({ SecretId: name }))).SecretString;
}
