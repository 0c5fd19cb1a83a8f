/** What a person or a test may do to a group's world beside the API: failures, load, health. */
import type { Faults, LaunchFault } from "./ec2/faults.ts";
import type { Fact } from "./host/host.ts";
import type { Loads } from "./load.ts";

export interface AdminOptions {
  readonly faults: Faults;
  readonly loads: Loads;
  readonly hasGroup: (name: string) => boolean;
  readonly report: (facts: readonly Fact[]) => void;
}

type Body = Readonly<Record<string, unknown>>;

function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value === "string" && value !== "") return value;
  throw new Error(`${name} is ${JSON.stringify(value)}; it must be a text`);
}

const optionalText = (body: Body, name: string) => (body[name] === undefined ? {} : { [name]: text(body, name) });

function oneOf<Value extends string>(body: Body, name: string, values: readonly Value[]): Value {
  const found = values.find((value) => value === body[name]);
  if (found === undefined) throw new Error(`${name} is ${JSON.stringify(body[name])}; it must be one of ${values.join(", ")}`);
  return found;
}

function faultFrom(value: unknown): LaunchFault {
  const body = value as Body;
  const where = { ...optionalText(body, "group"), ...optionalText(body, "zone"), ...optionalText(body, "instanceType") };
  return { ...where, code: text(body, "code"), message: text(body, "message") };
}

const paths: Readonly<Record<string, (body: Body, options: AdminOptions) => void>> = {
  /** `{launch: [{group?, zone?, instanceType?, code, message}]}`: launches that fit fail so, until the list is replaced. */
  faults: (body, { faults }) => {
    const { launch } = body;
    if (!Array.isArray(launch))
      throw new Error(`launch is ${JSON.stringify(launch)}; it must be a list of {group?, zone?, instanceType?, code, message}`);
    faults.set(launch.map(faultFrom));
  },
  /** `{group, cpuPercent, shared?}`, or `{group, cpuPercent: null}` to take it away. */
  load: (body, { loads, hasGroup }) => {
    const group = text(body, "group");
    if (!hasGroup(group)) throw new Error(`there is no group ${group}`);
    const { cpuPercent } = body;
    if (cpuPercent === null) {
      loads.set(group, undefined);
      return;
    }
    if (typeof cpuPercent !== "number" || !(cpuPercent >= 0)) {
      throw new Error(`cpuPercent is ${JSON.stringify(cpuPercent)}; it must be 0 or more, or null`);
    }
    loads.set(group, { cpuPercent, shared: body["shared"] === true });
  },
  /** `{instanceId, targetGroupArn, state}`: what the target group's health check finds. */
  "target-health": (body, { report }) => {
    const state = oneOf(body, "state", ["initial", "healthy", "unhealthy", "draining", "unused"]);
    report([["targetHealthChanged", { instanceId: text(body, "instanceId"), targetGroupArn: text(body, "targetGroupArn"), state }]]);
  },
  /** `{instanceId, check, impaired}`: what EC2's status check finds. */
  "instance-status": (body, { report }) => {
    const check = oneOf(body, "check", ["system", "instance", "ebs"]);
    report([["instanceStatusChanged", { instanceId: text(body, "instanceId"), check, impaired: body["impaired"] === true }]]);
  },
  /** `{instanceId, kind}`: EC2's warning about a spot instance. */
  "spot-notice": (body, { report }) => {
    const kind = oneOf(body, "kind", ["rebalance-recommendation", "interruption"]);
    report([["spotNotice", { instanceId: text(body, "instanceId"), kind }]]);
  },
};

export const adminPaths: readonly string[] = Object.keys(paths);

/** @throws Error with a sentence for a request that cannot be done. */
export function administer(path: string, body: unknown, options: AdminOptions): void {
  const action = paths[path];
  if (action === undefined) throw new Error(`there is no ${path}; there are ${adminPaths.join(", ")}`);
  if (typeof body !== "object" || body === null) throw new Error("the body must be a JSON object");
  action(body as Body, options);
}
