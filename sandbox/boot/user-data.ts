/** User data of an instance, as cloud-init reads it: from metadata, unpacked when it is compressed. */
import { gunzipSync } from "node:zlib";

/** What unpacks to more is no script. */
const largestScriptBytes = 1 << 20;

/** @param endpoint metadata of the instance. Undefined when it has none. */
export async function fetchUserData(endpoint: string): Promise<Buffer | undefined> {
  const timeout = () => AbortSignal.timeout(10_000);
  const asked = { method: "PUT", headers: { "X-aws-ec2-metadata-token-ttl-seconds": "60" }, signal: timeout() };
  const token = await (await fetch(`${endpoint}/latest/api/token`, asked)).text();
  const answer = await fetch(`${endpoint}/latest/user-data`, { headers: { "X-aws-ec2-metadata-token": token }, signal: timeout() });
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`user data: ${answer.status} ${await answer.text()}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: largestScriptBytes }) : bytes;
}

/** Only scripts run here; the facts that a complete image gets as cloud-config need no machine. */
export const isScript = (userData: Buffer): boolean => userData.subarray(0, 2).toString() === "#!";
