/** What a request for a bake may hold. Packer checks its own variables, all at once, before it makes anything. */
import { bakeVariable, type BakeRequest } from "../../contract/bake.ts";
import { parseRequest, text, whole, type Check, type RequestShape } from "../request.ts";

const variables: Check = (value) => {
  const allowed = "variables of packer/variables.pkr.hcl by name: text, whole numbers and lists of texts";
  if (typeof value !== "object" || value === null || Array.isArray(value)) return allowed;
  const isLeaf = (one: unknown) => typeof one === "string" || Number.isInteger(one);
  const areLeaves = Object.values(value).every(
    (one) => isLeaf(one) || (Array.isArray(one) && one.every((item) => typeof item === "string")),
  );
  return areLeaves ? undefined : allowed;
};

const required: RequestShape["required"] = {
  variables,
  "variables.name": text(/^[a-z][a-z0-9-]*$/, "what the image's name begins with"),
  "variables.product": text(/^[a-z][a-z0-9-]*$/, "the product"),
  "variables.instance_type": text(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, "an instance type such as m7i.large"),
  "variables.source_image": text(/^ami-(?:[0-9a-f]{8}|[0-9a-f]{17})$/, "an image id: ami- and 8 or 17 hexadecimal digits"),
  sourceOwner: text(/^(?:self|amazon|aws-marketplace|\d{12})$/, "self, amazon, aws-marketplace or the 12 digits of an account"),
  inputsHash: text(/^[0-9a-f]{64}$/, "64 hexadecimal digits"),
  region: text(/^[a-z]{2}(-[a-z]+)+-\d$/, "an AWS region"),
  accountId: text(/^\d{12}$/, "an account id of twelve digits"),
  timeoutSeconds: whole(60, 86_400),
};

const optional: RequestShape["optional"] = {
  roleArn: text(/^arn:[a-z-]+:iam::\d{12}:role\/.+$/, "the ARN of a role"),
};

/** @throws OpsError `usage` that lists every fault */
export function parseBakeRequest(json: string | undefined): BakeRequest {
  return parseRequest(json, { variable: bakeVariable, asksFor: "a bake", required, optional }) as BakeRequest;
}
