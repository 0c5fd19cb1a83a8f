/**
 * Stands in for the agent of Systems Manager: registers the node by its role, asks for its associations, and says of each how
 * its run ended. `AWS-ApplyChefRecipes` is checked for what it needs and recorded; it converges nothing.
 */
import process from "node:process";
import { identity, metadata } from "./metadata.ts";
import { readRunList } from "./chef-config.ts";
import { record, toldStatus } from "./record.ts";

/** The real one asks every few minutes, and hears of changes at once. */
const pauseMs = 500;
/** Systems Manager gives a node up that has not reported for five minutes. */
const reportEveryMs = 60_000;

const endpoint = process.env["AWS_ENDPOINT_URL"] ?? "";

type Input = Readonly<Record<string, unknown>>;

/** Signed in form: the local AWS reads whose credentials they are, and checks no signature. */
async function call(region: string, action: string, input: Input): Promise<Input> {
  const role = await metadata("meta-data/iam/security-credentials/");
  const { AccessKeyId: key } = JSON.parse(await metadata(`meta-data/iam/security-credentials/${role}`)) as { AccessKeyId: string };
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", "");
  const headers = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": `AmazonSSM.${action}`,
    Authorization: `AWS4-HMAC-SHA256 Credential=${key}/${day}/${region}/ssm/aws4_request, SignedHeaders=host, Signature=0`,
  };
  const answer = await fetch(endpoint, { method: "POST", headers, body: JSON.stringify(input) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${action}: ${answer.status} ${text}`);
  return JSON.parse(text) as Input;
}

interface Association {
  readonly AssociationId: string;
  readonly AssociationVersion: string;
  readonly Name: string;
  readonly Parameters: Readonly<Record<string, readonly string[]>>;
}

/** Throws what the document would fail with. */
function apply({ Name, Parameters }: Association): void {
  if (Name !== "AWS-ApplyChefRecipes") throw new Error(`the document ${Name} is not known here`);
  const of = (name: string) => Parameters[name]?.[0] ?? "";
  if (!["S3", "Git", "GitHub", "HTTP"].includes(of("SourceType"))) throw new Error(`SourceType is ${JSON.stringify(of("SourceType"))}`);
  JSON.parse(of("SourceInfo"));
  readRunList(of("RunList").split(","));
}

const { instanceId, region } = await identity();
const done = new Set<string>();
for (let reportedMs = 0; ;) {
  try {
    if (Date.now() - reportedMs > reportEveryMs) {
      await call(region, "UpdateInstanceInformation", { InstanceId: instanceId, AgentVersion: "3.3.0.0", PlatformType: "Linux" });
      reportedMs = Date.now();
    }
    const { Associations = [] } = await call(region, "ListInstanceAssociations", { InstanceId: instanceId });
    for (const association of Associations as readonly Association[]) {
      const version = `${association.AssociationId} ${association.AssociationVersion}`;
      if (!done.has(version)) await report(association);
      done.add(version);
    }
  } catch (error) {
    console.error(String(error));
  }
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
}

async function report(association: Association): Promise<void> {
  let status = "Success";
  try {
    if (toldStatus() !== undefined) throw new Error("told to fail");
    apply(association);
  } catch (error) {
    status = "Failed";
    console.error(String(error));
  }
  record({ association, status });
  await call(region, "UpdateInstanceAssociationStatus", {
    AssociationId: association.AssociationId,
    InstanceId: instanceId,
    ExecutionResult: { Status: status, ExecutionDate: Date.now() / 1000, ExecutionSummary: status },
  });
}
