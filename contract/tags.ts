/**
 * Tag keys that program, policies, consumer, boot scripts and operations agree on.
 *
 * Instance metadata serves tags only when their keys consist of letters, digits and `+ - = . , _ : @`
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html), so no key here has a slash or a space.
 * `contract/tags.json` holds the same table for Packer and the boot scripts; a test keeps the two equal.
 */
export const tagKeys = {
  /** What the product is called, for example `storefront`. */
  product: "fleet:product",
  /** The stack: `staging` or `production`. */
  environment: "fleet:environment",
  /** What part of the product it is, for example `web`. */
  platform: "fleet:platform",
  /** Major version, a whole number. */
  majorVersion: "fleet:major-version",
  /** The fleet's name within the stack, the key under `fleet:fleets`. */
  fleet: "fleet:name",
  /** What the node does; deploys find their hosts by it. */
  role: "fleet:role",
  /** Name of the Chef node when it is not the instance id; written at boot. */
  nodeName: "fleet:node-name",
  /** On a managed node: the fleet whose association runs its recipes; written at boot. */
  layer: "fleet:layer",
  /** On an image: the instance type that it was built on. */
  bakeType: "fleet:bake-type",
  /** On an image: the image that it was built from. */
  sourceImage: "fleet:source-image",
  /** On an image: revision of the recipes or cookbooks that it holds. */
  recipeRevision: "fleet:recipe-revision",
  /** On an image: hash of all inputs of its bake, by which an image of the same inputs is found again. */
  bakeInputs: "fleet:bake-inputs",
  /** On an image: when it was built, ISO 8601 in UTC with whole seconds. */
  bakedAt: "fleet:baked-at",
  /** On an image: `x86_64` or `arm64`. */
  architecture: "fleet:architecture",
  /** On an image: the environment that has run it; production takes only images that carry `staging` here. */
  promotedFrom: "fleet:promoted-from",
  /** On a snapshot or volume: which volume of the fleet it holds. */
  volume: "fleet:volume",
} as const;

export type TagKey = (typeof tagKeys)[keyof typeof tagKeys];

/** What instance metadata accepts as a tag key. */
export const metadataSafeTagKey = /^(?!\.{1,2}$|_index$)[A-Za-z0-9+\-=.,_:@]{1,128}$/;
