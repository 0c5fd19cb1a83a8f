import type * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../contract/fleets-output.ts";
import { tagKeys } from "../contract/tags.ts";

/** What is known of a baked image: its own attributes and the tags that the bake wrote. What only a bake tells is unknown until it is done. */
export interface ImageFacts {
  /** `ami-…` */
  readonly id: pulumi.Input<string>;
  readonly name: pulumi.Input<string>;
  /** Account that owns the image. */
  readonly ownerId: pulumi.Input<string>;
  readonly architecture: Architecture;
  /** Instance type that the image was built on. */
  readonly bakeType: string;
  /** When it was built: ISO 8601, UTC, whole seconds. */
  readonly bakedAt: pulumi.Input<string>;
  /** Device name of the root volume; a mapping under any other name would add a second volume. */
  readonly rootDeviceName: string;
  /** Size of the root snapshot, GiB; a root volume cannot be smaller. */
  readonly rootSizeGiB: number;
  /** Image that it was built from. */
  readonly sourceImage?: string | undefined;
  /** Revision of the recipes or cookbooks in it. */
  readonly recipeRevision?: string | undefined;
  /** Environment that has run it. */
  readonly promotedFrom?: string | undefined;
}

/** An image as EC2 describes it, as far as it matters here. */
export interface DescribedImage {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
  readonly state: string;
  readonly architecture: string;
  readonly rootDeviceName: string;
  readonly rootDeviceType: string;
  readonly blockDeviceMappings: readonly { readonly deviceName: string; readonly ebs: Readonly<Record<string, string>> }[];
  readonly tags: Readonly<Record<string, string>>;
}

/** What the settings say of the image. */
export interface ExpectedImage {
  readonly bakeType: string;
  readonly product: string;
  /** Days; absent = any age. */
  readonly maxAgeDays?: number | undefined;
  /** Environment that must have run it; absent = none. */
  readonly promotedFrom?: string | undefined;
}

const dayMs = 86_400_000;
/** How far a builder's clock may be ahead of ours. */
const clockLeewayMs = 300_000;
const wholeSeconds = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** Everything that speaks against running `image`, one sentence each; none = it is what the settings say. */
export function imageFaults(image: DescribedImage, expected: ExpectedImage, nowMs: number): string[] {
  return [...attributeFaults(image), ...tagFaults(image, expected), ...dateFaults(image.tags[tagKeys.bakedAt], expected.maxAgeDays, nowMs)];
}

function attributeFaults(image: DescribedImage): string[] {
  const { architecture, rootDeviceType, state, tags } = image;
  const faults: string[] = [];
  if (state !== "available") faults.push(`its state is "${state}"; allowed: "available"`);
  if (rootDeviceType !== "ebs") faults.push(`its root device is of type "${rootDeviceType}"; allowed: "ebs"`);
  else if (!(rootSizeGiB(image) > 0))
    faults.push(`it has no volume at its root device ${image.rootDeviceName}; allowed: an EBS snapshot there`);
  if (architecture !== "x86_64" && architecture !== "arm64") {
    faults.push(`its architecture is "${architecture}"; allowed: x86_64, arm64`);
  } else if (tags[tagKeys.architecture] !== architecture) {
    faults.push(mismatch(tagKeys.architecture, tags[tagKeys.architecture], architecture, "its own architecture"));
  }
  return faults;
}

function tagFaults({ tags }: DescribedImage, expected: ExpectedImage): string[] {
  const faults: string[] = [];
  if (tags[tagKeys.bakeType] !== expected.bakeType) {
    faults.push(mismatch(tagKeys.bakeType, tags[tagKeys.bakeType], expected.bakeType, "image.bakeType of the settings"));
  }
  if (tags[tagKeys.product] !== expected.product) {
    faults.push(mismatch(tagKeys.product, tags[tagKeys.product], expected.product, "fleet:product of the settings"));
  }
  if (expected.promotedFrom !== undefined && tags[tagKeys.promotedFrom] !== expected.promotedFrom) {
    faults.push(mismatch(tagKeys.promotedFrom, tags[tagKeys.promotedFrom], expected.promotedFrom, "npm run ops -- promote writes it"));
  }
  return faults;
}

const mismatch = (key: string, actual: string | undefined, wanted: string, source: string) =>
  `its tag ${key} is ${actual === undefined ? "absent" : `"${actual}"`}; allowed: "${wanted}" (${source})`;

function dateFaults(bakedAt: string | undefined, maxAgeDays: number | undefined, nowMs: number): string[] {
  const bakedMs = bakedAt !== undefined && wholeSeconds.test(bakedAt) ? Date.parse(bakedAt) : Number.NaN;
  if (Number.isNaN(bakedMs)) {
    const actual = bakedAt === undefined ? "absent" : `"${bakedAt}"`;
    return [`its tag ${tagKeys.bakedAt} is ${actual}; allowed: a time such as "2026-01-31T12:00:00Z"`];
  }
  if (bakedMs > nowMs + clockLeewayMs) return [`its tag ${tagKeys.bakedAt} is "${String(bakedAt)}"; allowed: a time that has passed`];
  const ageDays = Math.floor((nowMs - bakedMs) / dayMs);
  if (maxAgeDays === undefined || ageDays <= maxAgeDays) return [];
  return [`it was baked ${ageDays} days ago; allowed: at most ${maxAgeDays} (image.maxAgeDays of the settings)`];
}

/** What speaks against building upon `image` for nodes of `architecture`. */
export function sourceFaults(image: DescribedImage, architecture: string): string[] {
  const { state, rootDeviceType } = image;
  const faults: string[] = [];
  if (state !== "available") faults.push(`its state is "${state}"; allowed: "available"`);
  if (rootDeviceType !== "ebs") faults.push(`its root device is of type "${rootDeviceType}"; allowed: "ebs"`);
  if (image.architecture !== architecture)
    faults.push(`its architecture is "${image.architecture}"; allowed: "${architecture}" (the bake type's)`);
  return faults;
}

export function rootSizeGiB({ blockDeviceMappings, rootDeviceName }: DescribedImage): number {
  return Number(blockDeviceMappings.find((mapping) => mapping.deviceName === rootDeviceName)?.ebs["volume_size"]);
}

/** As they are once the image is there. */
export type KnownFacts = { readonly [Name in keyof ImageFacts]: pulumi.Unwrap<ImageFacts[Name]> };

/** Facts of an image without faults. */
export function imageFacts(image: DescribedImage): KnownFacts {
  const { tags } = image;
  return {
    id: image.id,
    name: image.name,
    ownerId: image.ownerId,
    architecture: image.architecture === "arm64" ? "arm64" : "x86_64",
    bakeType: tags[tagKeys.bakeType] ?? "",
    bakedAt: tags[tagKeys.bakedAt] ?? "",
    rootDeviceName: image.rootDeviceName,
    rootSizeGiB: rootSizeGiB(image),
    sourceImage: tags[tagKeys.sourceImage],
    recipeRevision: tags[tagKeys.recipeRevision],
    promotedFrom: tags[tagKeys.promotedFrom],
  };
}
