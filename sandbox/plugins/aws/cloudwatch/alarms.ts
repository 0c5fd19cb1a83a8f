import { unlessCode } from "../clients.ts";
import { list } from "../codec.ts";
import type { Codec } from "../codec.ts";
import type { Context } from "../context.ts";
import type { Properties } from "../../protocol/values.ts";

/** Metric and composite alarms share their names and their deletion. */
export async function deleteAlarm(id: string, _state: Properties, context: Context): Promise<void> {
  await unlessCode(context.aws("cloudwatch", "DeleteAlarms", { AlarmNames: [id] }), "ResourceNotFound", "ResourceNotFoundException");
}

/** A list of names or ARNs, undefined when empty. */
export const names: Codec = list({ encode: (value) => value, decode: (wire) => wire as string });
