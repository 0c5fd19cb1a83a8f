import { isCode, unlessCode } from "../clients.ts";
import type { Context } from "../context.ts";
import type { Definition, Found, Update } from "../definition.ts";
import { tagsOfCreate } from "../tags.ts";
import { resourceSchema } from "../schema.ts";
import type { Properties } from "../../protocol/values.ts";
import { actionFailures, actions, actionsFrom } from "./actions.ts";
import { attributesOf } from "./attributes.ts";
import { readTags, updateTags } from "./tags.ts";

const token = "aws:lb/listener:Listener";
const gone = ["ListenerNotFound", "ListenerNotFoundException"];

/** `routingHttpRequestXAmznTlsVersionHeaderName` and its like, which are attributes of AWS and none of this project's needs. */
const routing = Object.keys(resourceSchema(token)).filter((key) => key.startsWith("routingHttp"));

const secure = (protocol: unknown): boolean => protocol === "HTTPS" || protocol === "TLS";
const certificates = (inputs: Properties): object =>
  inputs["certificateArn"] === undefined ? {} : { Certificates: [{ CertificateArn: inputs["certificateArn"] }] };
const policies = (inputs: Properties): object => (inputs["alpnPolicy"] === undefined ? {} : { AlpnPolicy: [inputs["alpnPolicy"]] });

const parameters = (inputs: Properties): Record<string, unknown> => ({
  Port: inputs["port"],
  Protocol: inputs["protocol"],
  SslPolicy: inputs["sslPolicy"],
  DefaultActions: actions.encode(inputs["defaultActions"] ?? []),
  ...certificates(inputs),
  ...policies(inputs),
});

async function read(id: string, state: Properties, context: Context): Promise<Found | undefined> {
  const found = await unlessCode(context.aws("elbv2", "DescribeListeners", { ListenerArns: [id] }), ...gone);
  const listener = found?.Listeners?.[0];
  if (listener === undefined) return undefined;
  const attributes = await unlessCode(
    attributesOf(context.aws("elbv2", "DescribeListenerAttributes", { ListenerArn: id })),
    "UnsupportedOperation",
    "ValidationError",
  );
  const idle = attributes?.["tcp.idle_timeout.seconds"];
  const given = (state["defaultActions"] ?? []) as Properties[];
  return {
    arn: id,
    alpnPolicy: listener.AlpnPolicy?.[0],
    certificateArn: listener.Certificates?.[0]?.CertificateArn,
    defaultActions: actionsFrom(listener.DefaultActions, given),
    loadBalancerArn: listener.LoadBalancerArn,
    mutualAuthentication: undefined,
    port: listener.Port,
    protocol: listener.Protocol ?? "",
    sslPolicy: secure(listener.Protocol) ? (listener.SslPolicy ?? "") : "",
    // Only listeners of a network load balancer have one.
    tcpIdleTimeoutSeconds: idle === undefined || listener.Protocol !== "TCP" ? undefined : Number(idle),
    ...Object.fromEntries(routing.map((key) => [key, undefined])),
    tagsAll: await readTags(id, context),
  };
}

async function setIdleTimeout(id: string, inputs: Properties, context: Context): Promise<void> {
  const seconds = inputs["tcpIdleTimeoutSeconds"];
  if (typeof seconds !== "number") return;
  const Attributes = [{ Key: "tcp.idle_timeout.seconds", Value: String(seconds) }];
  await context.aws("elbv2", "ModifyListenerAttributes", { ListenerArn: id, Attributes });
}

async function update(change: Update, context: Context): Promise<void> {
  const { id, news, changed } = change;
  const keys = ["port", "protocol", "sslPolicy", "defaultActions", "certificateArn", "alpnPolicy"];
  if (keys.some((key) => changed.has(key))) await context.aws("elbv2", "ModifyListener", { ListenerArn: id, ...parameters(news) });
  if (changed.has("tcpIdleTimeoutSeconds")) await setIdleTimeout(id, news, context);
  await updateTags(change, context);
}

export const definition: Definition = {
  token,
  unsupported: ["mutualAuthentication", ...routing],
  timeouts: { create: 300, update: 300 },
  validate: (inputs) => actionFailures("defaultActions", inputs["defaultActions"]),
  preview: (inputs) => ({
    mutualAuthentication: undefined,
    protocol: "HTTP",
    sslPolicy: secure(inputs["protocol"]) ? "ELBSecurityPolicy-2016-08" : "",
    tcpIdleTimeoutSeconds: undefined,
    ...Object.fromEntries(routing.map((key) => [key, undefined])),
  }),
  async create(inputs, context) {
    const made = await context.aws("elbv2", "CreateListener", {
      LoadBalancerArn: inputs["loadBalancerArn"],
      ...parameters(inputs),
      ...tagsOfCreate(inputs, context),
    });
    const arn = made.Listeners?.[0]?.ListenerArn;
    if (arn === undefined) throw new Error("Elastic Load Balancing gave no ARN for the new listener");
    return arn;
  },
  finish: setIdleTimeout,
  async find(inputs, context) {
    const input = { LoadBalancerArn: inputs["loadBalancerArn"] };
    const found = await unlessCode(context.aws("elbv2", "DescribeListeners", input), ...gone, "LoadBalancerNotFound");
    return found?.Listeners?.find((one) => one.Port === inputs["port"])?.ListenerArn;
  },
  read,
  update,
  async delete(id, _state, context) {
    await context.waitFor("nothing uses the listener any more", async () => {
      try {
        await unlessCode(context.aws("elbv2", "DeleteListener", { ListenerArn: id }), ...gone);
        return true;
      } catch (error) {
        if (isCode(error, "ResourceInUse", "ResourceInUseException")) return undefined;
        throw error;
      }
    });
  },
};
