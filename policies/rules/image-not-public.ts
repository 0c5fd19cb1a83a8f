import { texts } from "../core/config.ts";
import { expect } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";

export const imageNotPublic = defineRule({
  id: "image-not-public",
  title: "Images and snapshots are not shared with the world or with strangers.",
  why: "A shared image or snapshot hands over everything that the bake left on its disks.",
  severity: "critical",
  level: "mandatory",
  controls: ["fsbp:EC2.1", "checkov:CKV_AWS_205", "prowler:ec2_ami_public"],
  remediation: "Remove the permission, or list the account in the option `accounts`.",
  url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-intro.html",
  options: { accounts: texts("Accounts that snapshots may be shared with.") },
  resources: {
    imagePermission: (permission) =>
      expect(permission.at("group"), (group) => group.text() !== "all", "share images with accounts or organizations, not with everyone"),
    snapshotPermission: (permission, { config }) =>
      expect(
        permission.at("accountId"),
        (account) => config.accounts.includes(account.text() ?? ""),
        "this account is not in the option accounts; remove the permission or list the account",
      ),
  },
});
