import { unlessCode } from "../clients.ts";
import type { Context } from "../context.ts";
import type { Properties } from "../../protocol/values.ts";

/** Metric and composite alarms share their names and their deletion. */
export async function deleteAlarm(id: string, _state: Properties, context: Context): Promise<void> {
  await unlessCode(context.aws("cloudwatch", "DeleteAlarms", { AlarmNames: [id] }), "ResourceNotFound", "ResourceNotFoundException");
}
