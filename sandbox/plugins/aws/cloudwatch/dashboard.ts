import { unlessCode } from "../clients.ts";
import { byInput } from "../definition.ts";
import type { Definition, Update } from "../definition.ts";
import type { Context } from "../context.ts";
import type { Properties } from "../../protocol/values.ts";

const gone = ["ResourceNotFound", "DashboardNotFoundError"];

async function put(inputs: Properties, context: Context): Promise<void> {
  const { DashboardValidationMessages: messages } = await context.aws("cloudwatch", "PutDashboard", {
    DashboardName: inputs["dashboardName"],
    DashboardBody: inputs["dashboardBody"],
  });
  for (const { DataPath, Message } of messages ?? []) context.log("warning", `${DataPath ?? "dashboard"}: ${Message ?? ""}`);
}

export const definition: Definition = {
  token: "aws:cloudwatch/dashboard:Dashboard",
  json: ["dashboardBody"],
  async create(inputs, context) {
    await put(inputs, context);
    return inputs["dashboardName"] as string;
  },
  find: byInput("dashboardName"),
  async read(id, _state, context) {
    const found = await unlessCode(context.aws("cloudwatch", "GetDashboard", { DashboardName: id }), ...gone);
    return found && { dashboardName: found.DashboardName, dashboardBody: found.DashboardBody, dashboardArn: found.DashboardArn };
  },
  async update({ news }: Update, context) {
    await put(news, context);
  },
  async delete(id, _state, context) {
    await unlessCode(context.aws("cloudwatch", "DeleteDashboards", { DashboardNames: [id] }), ...gone);
  },
};
