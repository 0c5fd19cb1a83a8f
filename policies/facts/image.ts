/** What is recorded of the image that a template launches: tags on the template, tags on an image of the stack, or the configuration. */
import { tagKeys } from "../../contract/tags.ts";
import type { Deployment } from "../model/deployment.ts";
import type { AnyResource } from "../model/resource.ts";
import { Value } from "../model/value.ts";
import { ownImage, type Launcher } from "./launch.ts";

const keys = {
  bakeType: tagKeys.bakeType,
  architecture: tagKeys.architecture,
  bakedAt: tagKeys.bakedAt,
  promotedFrom: tagKeys.promotedFrom,
} as const;

export type ImageFact = keyof typeof keys;
/** Facts of images by image id, for programs whose templates do not carry them. */
export type ImageTable = Readonly<Record<string, Partial<Record<ImageFact, string>>>>;

function tag(resource: AnyResource, key: string): Value<string> {
  return new Value<{ tags: Record<string, string> }>(resource.facts.properties).at("tags").at(key);
}

/** The first record of a fact, in the order template, image, configuration; missing when there is none. */
export function imageFact(deployment: Deployment, launcher: Launcher, fact: ImageFact, images: ImageTable): Value<string> {
  const onTemplate = tag(launcher, keys[fact]);
  if (!onTemplate.missing) return onTemplate;
  const imageId = ownImage(launcher);
  const { found } = deployment.targets(launcher, imageId, "image", "imageCopy", "imageFromInstance");
  const onImage = found.map((one) => tag(one, keys[fact])).find((value) => !value.missing);
  // Which image it is cannot be told, so neither can what is recorded of it.
  if (onImage === undefined && imageId.hidden) return imageId;
  const inTable = images[imageId.text() ?? ""]?.[fact];
  return onImage ?? (inTable === undefined ? onTemplate : new Value<string>(inTable, `images.${imageId.text() ?? ""}.${fact}`));
}
