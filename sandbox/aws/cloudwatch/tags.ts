/** Tags of alarms, by ARN. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_TagResource.html */
import { ServiceError } from "../endpoint/errors.ts";
import type { Parameters } from "./parameters.ts";
import type { Output } from "./protocol.ts";

const mostTags = 50;

export class Tags {
  readonly #byArn = new Map<string, Map<string, string>>();
  readonly #exists: (arn: string) => boolean;

  constructor(exists: (arn: string) => boolean) {
    this.#exists = exists;
  }

  read(parameters: Parameters): Map<string, string> {
    const tags = parameters
      .records("Tags", { maximum: mostTags })
      .map(
        (tag) =>
          [
            tag.text("Key", { required: true, minimum: 1, maximum: 128 }) ?? "",
            tag.text("Value", { required: true, minimum: 0, maximum: 256 }) ?? "",
          ] as const,
      );
    for (const [key] of tags) if (key.startsWith("aws:")) parameters.refuse("Tags", "Keys must not begin with aws:");
    return new Map(tags);
  }

  /** Those given when an alarm is created; an update of the alarm leaves tags alone. */
  create(arn: string, tags: Map<string, string>): void {
    if (!this.#byArn.has(arn)) this.#byArn.set(arn, tags);
  }

  forget(arn: string): void {
    this.#byArn.delete(arn);
  }

  list(parameters: Parameters): Output {
    const arn = this.#arn(parameters);
    parameters.finish();
    return { Tags: [...this.#of(arn)].map(([Key, Value]) => ({ Key, Value })) };
  }

  tag(parameters: Parameters): Output {
    const arn = this.#arn(parameters);
    const tags = this.read(parameters);
    parameters.finish();
    const merged = new Map([...this.#of(arn), ...tags]);
    if (merged.size > mostTags)
      throw new ServiceError("ValidationError", `A resource can have ${mostTags} tags`, 400, "ValidationException");
    this.#byArn.set(arn, merged);
    return {};
  }

  untag(parameters: Parameters): Output {
    const arn = this.#arn(parameters);
    const keys = parameters.texts("TagKeys");
    parameters.finish();
    const tags = this.#of(arn);
    for (const key of keys) tags.delete(key);
    return {};
  }

  #arn(parameters: Parameters): string {
    return parameters.text("ResourceARN", { required: true, minimum: 1, maximum: 1024 }) ?? "";
  }

  #of(arn: string): Map<string, string> {
    if (!this.#exists(arn)) throw new ServiceError("ResourceNotFoundException", `Unknown: ${arn}`, 404);
    return this.#byArn.get(arn) ?? new Map<string, string>();
  }
}
