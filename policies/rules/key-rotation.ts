import { expect, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import type { Resource } from "../model/resource.ts";

/** Only symmetric keys for encryption, with AWS's own material, rotate by themselves. */
function rotates(key: Resource<"key">): boolean {
  const usage = key.at("keyUsage").text() ?? "ENCRYPT_DECRYPT";
  const spec = key.at("customerMasterKeySpec").text() ?? "SYMMETRIC_DEFAULT";
  return usage === "ENCRYPT_DECRYPT" && spec === "SYMMETRIC_DEFAULT" && key.at("customKeyStoreId").missing;
}

export const keyRotation = defineRule({
  id: "key-rotation",
  title: "Keys rotate every year.",
  why: "The longer one key encrypts, the more one leak reveals.",
  severity: "medium",
  level: "advisory",
  controls: ["checkov:CKV_AWS_7", "trivy:AWS-0065", "fsbp:KMS.4", "cdk-nag:KMS5", "awsguard:kms-key-rotation-enabled"],
  remediation: "Set enableKeyRotation to true.",
  url: "https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",
  resources: {
    *key(key): Checking {
      if (rotates(key)) yield* expect(key.at("enableKeyRotation"), (one) => one.flag() === true, "set it to true");
    },
  },
  repairs: {
    key: (key) => {
      const rotation = key.at("enableKeyRotation");
      return rotates(key) && !rotation.hidden && rotation.flag() !== true ? [{ path: ["enableKeyRotation"], value: true }] : [];
    },
  },
});
