/** Instance metadata, version 2, as Ohai and the agent of Systems Manager read them. */
import process from "node:process";

const endpoint = process.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? "http://169.254.169.254";

export async function metadata(path: string): Promise<string> {
  const headers = { "X-aws-ec2-metadata-token-ttl-seconds": "300" };
  const token = await (await fetch(`${endpoint}/latest/api/token`, { method: "PUT", headers })).text();
  const answer = await fetch(`${endpoint}/latest/${path}`, { headers: { "X-aws-ec2-metadata-token": token } });
  if (!answer.ok) throw new Error(`no metadata ${path}: ${answer.status}`);
  return answer.text();
}

export interface Identity {
  readonly instanceId: string;
  readonly accountId: string;
  readonly region: string;
}

export const identity = async (): Promise<Identity> => JSON.parse(await metadata("dynamic/instance-identity/document")) as Identity;
