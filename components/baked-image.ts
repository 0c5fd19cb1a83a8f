import * as aws from "@pulumi/aws";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { bakeCommand, bakeHash, bakeVariable } from "../contract/bake.ts";
import type { BakeRequest } from "../contract/bake.ts";
import { parseInstanceType } from "../contract/instance-types.ts";
import { typeTokens } from "../contract/type-tokens.ts";
import { imageFacts, imageFaults, rootSizeGiB, sourceFaults } from "./image-facts.ts";
import type { DescribedImage, ImageFacts, KnownFacts } from "./image-facts.ts";

/** What the settings say of an image, compared with what it is. */
export interface BakedImageArgs {
  /** `ami-…`, a reviewed line of the settings: nothing rolls unasked because a newer image exists. Absent = it is baked. */
  readonly imageId?: string | undefined;
  /** How it is baked, in the place of an id. */
  readonly bake?: BakeArgs | undefined;
  /** Account id that owns it, or `self`. */
  readonly owner: string;
  /** Instance type that it must have been built on. */
  readonly bakeType: string;
  readonly product: string;
  /** Days since the bake after which it is refused, 1 or more; absent = any age. */
  readonly maxAgeDays?: number | undefined;
  /** Environment that must have run it, recorded in its tag; absent = none. */
  readonly promotedFrom?: string | undefined;
}

/** A bake that runs when the hash of its inputs changes; never in a preview. */
export interface BakeArgs extends Pick<BakeRequest, "variables" | "sourceOwner" | "timeoutSeconds"> {
  readonly region: string;
  /** The command refuses to act in any other account. */
  readonly accountId: pulumi.Input<string>;
  /** Role that the command takes on; absent = the caller's own. */
  readonly roleArn?: string | undefined;
}

/** An image by id, or one that is baked; verified: owner, state, architecture, bake type, product, date, promotion. */
export class BakedImage extends pulumi.ComponentResource {
  /**
   * Facts of the image; fails with every fault of it when it is not what the settings say. A promise, so that whoever
   * builds on it waits: what is refused is refused before anything of it is registered. Of an image that is baked the
   * source is verified so; the id comes from the bake.
   */
  readonly facts: Promise<ImageFacts>;

  constructor(name: string, args: BakedImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super(typeTokens.bakedImage, name, args, opts);
    const { imageId, bake } = args;
    if ((imageId === undefined) === (bake === undefined)) {
      throw new pulumi.ResourceError(`Image ${name} needs imageId or bake, and not both.`, this, true);
    }
    this.facts = bake === undefined ? lookUp(imageId ?? "", args, this) : baked(name, bake, args, this);
    // What is wrong is told by whoever waits for it.
    const id = this.facts.then(
      (facts) => facts.id,
      () => imageId,
    );
    this.registerOutputs({ imageId: imageId ?? id });
  }
}

async function lookUp(imageId: string, args: BakedImageArgs, parent: BakedImage): Promise<KnownFacts> {
  const correct = "Correct the fleet's image.id and image.owner, or copy the image here.";
  const image = await describe(`Image ${imageId}`, { imageId, owner: args.owner, correct }, parent);
  const faults = imageFaults(image, args, Date.now());
  if (faults.length === 0) return imageFacts(image);
  const list = faults.map((one) => `- ${one}`).join("\n");
  throw new pulumi.RunError(
    `Image ${imageId} is not what the settings say:\n${list}\nBake it again, or name another image in the fleet's image.id and image.bakeType.`,
  );
}

async function baked(name: string, bake: BakeArgs, args: BakedImageArgs, parent: BakedImage): Promise<ImageFacts> {
  const inputsHash = hashOf(bake);
  const source = await lookUpSource(bake, args, parent);
  const run = new command.local.Command(
    `${name}-bake`,
    { create: bakeCommand, update: bakeCommand, environment: { [bakeVariable]: requestOf(bake, inputsHash) }, triggers: [inputsHash] },
    { parent },
  );
  // The image as it is: on a later run too, when nothing was baked and somebody may have deregistered it.
  const image = run.stdout.apply((line) => lookUp(imageIdOf(line), args, parent));
  const given = bake.variables["root_size_gib"];
  return {
    id: image.id,
    name: image.name,
    ownerId: image.ownerId,
    bakedAt: image.bakedAt,
    architecture: source.architecture === "arm64" ? "arm64" : "x86_64",
    bakeType: args.bakeType,
    rootDeviceName: source.rootDeviceName,
    rootSizeGiB: typeof given === "number" ? given : rootSizeGiB(source),
    sourceImage: source.id,
    recipeRevision: String(bake.variables["recipe_revision"]),
    promotedFrom: undefined,
  };
}

function hashOf({ variables }: BakeArgs): string {
  try {
    return bakeHash(process.cwd(), variables);
  } catch (error) {
    throw new pulumi.RunError(`A file of the bake cannot be read: ${(error as Error).message}. Correct the fleet's image.bake.script.`);
  }
}

async function lookUpSource({ variables, sourceOwner }: BakeArgs, { bakeType }: BakedImageArgs, parent: BakedImage) {
  const id = String(variables["source_image"]);
  const correct = "Correct the fleet's image.bake.sourceImage and sourceOwner.";
  const source = await describe(`Source image ${id}`, { imageId: id, owner: sourceOwner, correct }, parent);
  const faults = sourceFaults(source, parseInstanceType(bakeType)?.architecture ?? "");
  if (faults.length === 0) return source;
  throw new pulumi.RunError(`Nothing can be built upon source image ${id}:\n${faults.map((one) => `- ${one}`).join("\n")}\n${correct}`);
}

function requestOf({ region, accountId, roleArn, ...bake }: BakeArgs, inputsHash: string): pulumi.Output<string> {
  const role = roleArn === undefined ? {} : { roleArn };
  return pulumi.output(accountId).apply((account) => {
    const { variables, sourceOwner, timeoutSeconds } = bake;
    const request: BakeRequest = { variables, sourceOwner, inputsHash, region, accountId: account, ...role, timeoutSeconds };
    return JSON.stringify(request);
  });
}

/** What the command prints, of whichever release: `{"imageId": "ami-…"}`. */
function imageIdOf(line: string): string {
  const { imageId } = JSON.parse(line) as { readonly imageId: string };
  return imageId;
}

interface Sought {
  readonly imageId: string;
  readonly owner: string;
  readonly correct: string;
}

async function describe(what: string, { imageId, owner, correct }: Sought, parent: BakedImage): Promise<DescribedImage> {
  try {
    // A pinned image stays usable after its deprecation date; how old is too old is maxAgeDays.
    return await aws.ec2.getAmi(
      { owners: [owner], filters: [{ name: "image-id", values: [imageId] }], includeDeprecated: true },
      { parent },
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new pulumi.RunError(`${what} of owner ${owner} cannot be read in this region: ${reason}\n${correct}`);
  }
}
