import { expect, hidden, type Checking } from "../core/finding.ts";
import { defineRule, type Edit } from "../core/rule.ts";
import type { Value } from "../model/value.ts";

const demand = "encrypt it, so that every volume made from it is encrypted";
const encrypt = (encrypted: Value): readonly Edit[] =>
  encrypted.flag() === true || encrypted.hidden ? [] : [{ path: ["encrypted"], value: true }];

export const imageEncrypted = defineRule({
  id: "image-encrypted",
  title: "Images, their snapshots and copies are encrypted.",
  why: "A copy of an unencrypted snapshot can be read by whoever may share or restore it.",
  severity: "medium",
  level: "advisory",
  controls: [
    "checkov:CKV_AWS_204",
    "checkov:CKV_AWS_235",
    "checkov:CKV_AWS_236",
    "checkov:CKV_AWS_183",
    "steampipe:ec2_ami_ebs_encryption_enabled",
  ],
  remediation: "Set `encrypted` on copies and on the block devices of images; a snapshot is encrypted when its volume is.",
  url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AMIEncryption.html",
  resources: {
    *image(image): Checking {
      if (image.at("ebsBlockDevices").hidden) yield hidden(image.at("ebsBlockDevices"));
      for (const device of image.at("ebsBlockDevices").items()) {
        // With a snapshot, the snapshot decides; AWS refuses the argument then.
        if (device.at("encrypted").flag() === true) continue;
        if (device.at("snapshotId").hidden) yield hidden(device.at("snapshotId"));
        else if (device.at("snapshotId").missing) yield* expect(device.at("encrypted"), (one) => one.flag() === true, demand);
      }
    },
    imageCopy: (copy) => expect(copy.at("encrypted"), (one) => one.flag() === true, demand),
    snapshotCopy: (copy) => expect(copy.at("encrypted"), (one) => one.flag() === true, demand),
  },
  needs: "snapshot",
  *stack(deployment) {
    for (const snapshot of deployment.all("snapshot")) {
      yield* expect(snapshot.at("encrypted"), (one) => one.flag() === true, "snapshot an encrypted volume", snapshot);
    }
  },
  repairs: {
    imageCopy: (copy) => encrypt(copy.at("encrypted")),
    snapshotCopy: (copy) => encrypt(copy.at("encrypted")),
  },
});
