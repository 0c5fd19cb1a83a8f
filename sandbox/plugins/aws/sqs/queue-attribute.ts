import { byInput } from "../definition.ts";
import type { Definition } from "../definition.ts";
import { queueAttributes, setQueueAttributes, unlessGone } from "./attributes.ts";

/** A resource that is one attribute of a queue, its id being the queue's URL. */
export function queueAttribute(token: string, property: string, attribute: string): Definition {
  return {
    token,
    json: [property],
    async create(inputs, context) {
      const url = inputs["queueUrl"] as string;
      await setQueueAttributes(url, { [attribute]: inputs[property] }, context);
      return url;
    },
    find: byInput("queueUrl"),
    async read(id, _state, context) {
      const value = (await queueAttributes(id, context))?.[attribute];
      return value === undefined || value === "" ? undefined : { queueUrl: id, [property]: value };
    },
    async update({ id, news }, context) {
      await setQueueAttributes(id, { [attribute]: news[property] }, context);
    },
    async delete(id, _state, context) {
      await unlessGone(setQueueAttributes(id, { [attribute]: "" }, context));
    },
  };
}
