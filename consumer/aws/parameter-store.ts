import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { clientOptions } from "./clients.ts";

/** Value of a SecureString parameter, decrypted. */
export async function readParameter(name: string): Promise<string | undefined> {
  const { Parameter: parameter } = await new SSMClient(clientOptions).send(new GetParameterCommand({ Name: name, WithDecryption: true }));
  return parameter?.Value;
}
