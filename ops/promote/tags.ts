/** What promotion writes on an image, and on one that belongs to another account. */
import { CreateTagsCommand, DescribeImagesCommand, EC2Client, ModifyImageAttributeCommand, type Image } from "@aws-sdk/client-ec2";
import { promotion } from "../../contract/bake.ts";
import { tagKeys } from "../../contract/tags.ts";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";

export async function describeImage({ clientArguments }: AwsSession, id: string): Promise<Image> {
  const found = await calling(`DescribeImages of ${id}`, () =>
    new EC2Client(clientArguments).send(
      new DescribeImagesCommand({ Filters: [{ Name: "image-id", Values: [id] }], IncludeDeprecated: true }),
    ),
  );
  const [image] = found.Images ?? [];
  if (image === undefined) throw new OpsError(exitCodes.notExactlyOne, `Image ${id} does not exist in this account and region.`);
  return image;
}

export const isPromoted = (image: Image): boolean =>
  (image.Tags ?? []).some(({ Key, Value }) => Key === tagKeys.promotedFrom && Value === promotion.from);

/** Records on the image that staging has run it. */
export async function recordRun(session: AwsSession, id: string): Promise<void> {
  await createTags(session, id, [{ Key: tagKeys.promotedFrom, Value: promotion.from }]);
}

/**
 * Tags are seen in the account that wrote them only: another account is let to launch the image and gets all of the bake's tags of its own.
 * Its encrypted snapshots can be shared only when their key is one of yours, and lets that account use it.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html
 */
export async function shareImage(image: Image, owner: AwsSession, other: AwsSession): Promise<void> {
  const id = image.ImageId ?? "";
  await calling(`ModifyImageAttribute of ${id} for account ${other.accountId}`, () =>
    new EC2Client(owner.clientArguments).send(
      new ModifyImageAttributeCommand({ ImageId: id, LaunchPermission: { Add: [{ UserId: other.accountId }] } }),
    ),
  );
  const ours = new Set<string>([...Object.values(tagKeys), "Name"]);
  const tags = (image.Tags ?? []).filter(({ Key = "" }) => ours.has(Key) && Key !== tagKeys.promotedFrom);
  await createTags(other, id, [...tags, { Key: tagKeys.promotedFrom, Value: promotion.from }]);
}

async function createTags({ clientArguments }: AwsSession, id: string, tags: NonNullable<Image["Tags"]>): Promise<void> {
  await calling(`CreateTags of ${id}`, () => new EC2Client(clientArguments).send(new CreateTagsCommand({ Resources: [id], Tags: tags })));
}
