/** Composite alarms of a fleet. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html */
import type { CompositeAlarm, ScalingPolicies } from "../../contract/scaling-policies.ts";
import { fault } from "./fault.ts";
import type { Fault } from "./fault.ts";

/** Children of one composite alarm. */
const mostAlarms = 100;

/** Words that stand for the fleet's own alarms. */
export const ownAlarms = ["up", "down"] as const;
const isOwn = (name: string): name is (typeof ownAlarms)[number] => name === "up" || name === "down";

export function checkComposites({ composites = [], ...policies }: ScalingPolicies): Fault[] {
  return composites.flatMap((one, index) => {
    const path = `composites[${index}]`;
    const others = composites.findIndex((other) => other.name === one.name);
    return [
      ...(others === index ? [] : [fault(`${path}.name`, one.name, "each name once")]),
      ...checkChildren(path, one),
      ...(["alarms", "unless"] as const).flatMap((list) =>
        one[list].flatMap((name, place) => checkChild(`${path}.${list}[${place}]`, name, one.stopsRollout, policies)),
      ),
    ];
  });
}

function checkChildren(path: string, { alarms, unless }: CompositeAlarm): Fault[] {
  const all = [...alarms, ...unless];
  const twice = all.filter((name, index) => all.indexOf(name) !== index);
  return [
    ...(alarms.length === 0 ? [fault(`${path}.alarms`, alarms, "one alarm or more")] : []),
    ...(all.length > mostAlarms ? [fault(`${path}.alarms`, alarms, `at most ${mostAlarms} alarms, those in unless included`)] : []),
    ...twice.map((name) => fault(`${path}.alarms`, name, "each alarm once, in alarms or in unless")),
  ];
}

function checkChild(path: string, name: string, stopsRollout: boolean, policies: ScalingPolicies): Fault[] {
  if (!isOwn(name)) return [];
  if (stopsRollout) {
    return [fault(path, name, "no scaling alarm, since stopsRollout is on", "the down alarm of an idle group is always on")];
  }
  if (policies[name] !== undefined) return [];
  return [fault(path, name, "the name of an alarm", `the fleet has no step policy ${name}`)];
}
