/** Images that a bake made. */
import { DescribeImagesCommand, EC2Client, type Image } from "@aws-sdk/client-ec2";
import type { BakeRequest } from "../../contract/bake.ts";
import { tagKeys } from "../../contract/tags.ts";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { bakedImage, newestImage, type BakedImage } from "../image/facts.ts";
import { imagesByTag } from "../image/lookup.ts";

export const text = ({ variables }: BakeRequest, name: string): string => {
  const value = variables[name];
  return typeof value === "string" ? value : "";
};

/** `undefined` = there is none of that owner in this region. */
export async function imageById({ clientArguments }: AwsSession, owner: string, id: string): Promise<Image | undefined> {
  const filter = { Name: "image-id", Values: [id] };
  const found = await calling(`DescribeImages of ${id}`, () =>
    new EC2Client(clientArguments).send(new DescribeImagesCommand({ Owners: [owner], Filters: [filter], IncludeDeprecated: true })),
  );
  return found.Images?.[0];
}

/** The newest image that was baked of the same inputs, if there is one that can be used. */
export async function bakedBefore(session: AwsSession, { inputsHash }: BakeRequest): Promise<BakedImage | undefined> {
  const images = await imagesByTag(session, "self", { [tagKeys.bakeInputs]: inputsHash });
  const usable = images.filter((image) => "bakeType" in bakedImage(image));
  return usable.length === 0 ? undefined : newestImage(usable, `baked of the inputs ${inputsHash}`);
}

/** @throws OpsError `failed` when the image is not what was asked for */
export async function checkedImage(session: AwsSession, request: BakeRequest, id: string): Promise<BakedImage> {
  const image = await imageById(session, "self", id);
  const facts = image === undefined ? { lacks: "it does not exist" } : bakedImage(image);
  if ("lacks" in facts)
    throw new OpsError(exitCodes.failed, `Packer made image ${id}, but ${facts.lacks}: no fleet can run it. Deregister it and bake again.`);
  const wanted = {
    bakeType: text(request, "instance_type"),
    sourceImage: text(request, "source_image"),
    product: text(request, "product"),
    recipeRevision: text(request, "recipe_revision"),
  };
  const faults = Object.entries(wanted).flatMap(([name, value]) => {
    const found = facts[name as keyof typeof wanted];
    return found === value ? [] : [`- ${tagKeys[name as keyof typeof wanted]} is ${found ?? "absent"}, asked for was ${value}`];
  });
  if (faults.length > 0) {
    throw new OpsError(
      exitCodes.failed,
      `The tags of image ${id} are not what was asked for:\n${faults.join("\n")}\nDeregister it and bake again.`,
    );
  }
  return facts;
}
