/** What the name of an EC2 instance type tells. https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html */
import type { Architecture } from "../../contract/fleets-output.ts";

/** `m7g` of `m7g.large`. */
export function familyOf(instanceType: string): string {
  return instanceType.split(".")[0] ?? "";
}

/**
 * Architecture of an instance type's processor; undefined when the name is none. Letters behind the generation are
 * attributes, and `g` among them means Graviton (or Grace); `a1` is the first Graviton. Mac instances have their own
 * architectures and are not for fleets.
 */
export function architectureOf(instanceType: string): Architecture | undefined {
  const parts = /^(?<series>[a-z]+)(?<generation>\d+)(?<attributes>[a-z]*(?:-[a-z0-9]+)*)\.[a-z0-9-]+$/.exec(instanceType)?.groups;
  if (!parts || parts["series"] === "mac") return undefined;
  if (parts["series"] === "a" && parts["generation"] === "1") return "arm64";
  return /g/.test(parts["attributes"] ?? "") ? "arm64" : "x86_64";
}
