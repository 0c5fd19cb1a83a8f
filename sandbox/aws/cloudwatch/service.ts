/** CloudWatch: metrics and alarms, on the sandbox's clock. */
import { alarmsOf } from "../../../scaling/alarms/composite.ts";
import { sample } from "../../../scaling/alarms/statistics.ts";
import { errorReply, ServiceError } from "../endpoint/errors.ts";
import { actionOf, protocolOf } from "../endpoint/route.ts";
import type { MetricValue } from "../deps.ts";
import type { AwsReply, AwsRequest, AwsService } from "../service.ts";
import type { World } from "../world.ts";
import type { CompositeAlarm } from "./alarm.ts";
import { topicMessage } from "./alarm-message.ts";
import { Alarms } from "./alarms.ts";
import { Dashboards } from "./dashboards.ts";
import { describeAlarmHistory, describeAlarms, describeAlarmsForMetric } from "./describe-alarms.ts";
import { MetricStore } from "./metrics.ts";
import { Parameters } from "./parameters.ts";
import { readInput, writeOutput } from "./protocol.ts";
import type { Output } from "./protocol.ts";
import { readCompositeAlarm, readMetricAlarm } from "./put-alarm.ts";
import { putMetricData } from "./put-metric-data.ts";
import { getMetricData, getMetricStatistics, listMetrics } from "./queries.ts";
import { Tags } from "./tags.ts";

/** Undefined for actions whose answer has no result element. */
type Handler = (parameters: Parameters) => Output | undefined;

const mostNames = 100;

export class CloudWatch implements AwsService {
  readonly signingName = "monitoring";
  readonly #world: World;
  readonly #store = new MetricStore();
  readonly #alarms: Alarms;
  readonly #dashboards: Dashboards;
  readonly #tags: Tags;
  readonly #handlers: Readonly<Record<string, Handler>>;

  constructor(world: World) {
    this.#world = world;
    this.#alarms = new Alarms({
      clock: world.clock,
      store: this.#store,
      handlerFor: (arn) => world.alarmHandler(arn),
      putEvent: (event) => world.putEvent(event),
      background: (work) => world.background(work),
      log: (line) => world.log(line),
    });
    this.#dashboards = new Dashboards(world.accountId);
    this.#tags = new Tags((arn) => this.#alarms.get(arn) !== undefined);
    world.onAlarmAction("arn:aws:sns:", async ({ actionArn, alarmName, alarmArn }) => {
      const change = this.#alarms.lastChange(alarmName);
      if (change === undefined) return;
      const message = topicMessage(change, world);
      await world.publish({ topicArn: actionArn, ...message }, { principal: { service: "cloudwatch.amazonaws.com" }, sourceArn: alarmArn });
    });
    this.#handlers = this.#table();
  }

  /** Metrics of other services of ours, such as those of AWS/AutoScaling, which PutMetricData refuses. */
  put(namespace: string, values: readonly MetricValue[]): void {
    const now = this.#world.clock.now();
    for (const { name, dimensions, value, timestampMs = now, unit = "None" } of values) {
      this.#store.put({ namespace, name, dimensions }, { ...sample(timestampMs, value), unit }, now);
    }
  }

  handle(request: AwsRequest): Promise<AwsReply> {
    return Promise.resolve(this.#answer(request));
  }

  close(): Promise<void> {
    this.#alarms.close();
    return Promise.resolve();
  }

  #answer(request: AwsRequest): AwsReply {
    const protocol = protocolOf(request.service, request.headers, request.url);
    try {
      const input = readInput(protocol, request);
      const action = actionOf(protocol, request.headers, request.url, () => new URLSearchParams({ Action: text(input["Action"]) }));
      const handler = this.#handlers[action];
      if (handler === undefined) {
        const known = Object.keys(this.#handlers).join(", ");
        throw new ServiceError("InvalidAction", `The action ${action} is not valid for this local CloudWatch; it has ${known}.`);
      }
      return writeOutput(protocol, action, handler(new Parameters(input)), request.requestId);
    } catch (error) {
      if (error instanceof ServiceError) return errorReply(protocol, error, request.requestId);
      throw error;
    }
  }

  #table(): Readonly<Record<string, Handler>> {
    const now = () => this.#world.clock.now();
    return {
      PutMetricData: (parameters) => {
        putMetricData(parameters, this.#store, now());
        return undefined;
      },
      GetMetricStatistics: (parameters) => getMetricStatistics(parameters, this.#store),
      GetMetricData: (parameters) => getMetricData(parameters, this.#store),
      ListMetrics: (parameters) => listMetrics(parameters, this.#store, now()),
      PutMetricAlarm: (parameters) => this.#putAlarm(parameters, readMetricAlarm),
      PutCompositeAlarm: (parameters) => this.#putAlarm(parameters, readCompositeAlarm),
      DescribeAlarms: (parameters) => describeAlarms(parameters, this.#alarms),
      DescribeAlarmsForMetric: (parameters) => describeAlarmsForMetric(parameters, this.#alarms),
      DescribeAlarmHistory: (parameters) => describeAlarmHistory(parameters, this.#alarms, now()),
      SetAlarmState: (parameters) => this.#setAlarmState(parameters),
      EnableAlarmActions: (parameters) => this.#setActionsEnabled(parameters, true),
      DisableAlarmActions: (parameters) => this.#setActionsEnabled(parameters, false),
      DeleteAlarms: (parameters) => this.#deleteAlarms(parameters),
      PutDashboard: (parameters) => this.#dashboards.put(parameters, now()),
      GetDashboard: (parameters) => this.#dashboards.get(parameters),
      ListDashboards: (parameters) => this.#dashboards.list(parameters),
      DeleteDashboards: (parameters) => this.#dashboards.delete(parameters),
      ListTagsForResource: (parameters) => this.#tags.list(parameters),
      TagResource: (parameters) => this.#tags.tag(parameters),
      UntagResource: (parameters) => this.#tags.untag(parameters),
    };
  }

  #putAlarm(parameters: Parameters, read: typeof readMetricAlarm | typeof readCompositeAlarm): undefined {
    const { region, accountId, clock } = this.#world;
    const tags = this.#tags.read(parameters);
    const alarm = read(parameters, { arnOf: (name) => `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`, nowMs: clock.now() });
    const known = this.#alarms.get(alarm.name);
    if (known !== undefined && known.alarm.kind !== alarm.kind) {
      throw validation(`An alarm of another type has the name ${alarm.name}.`);
    }
    if (alarm.kind === "CompositeAlarm") this.#checkChildren(alarm);
    this.#alarms.put(alarm);
    this.#tags.create(alarm.arn, tags);
    return undefined;
  }

  #checkChildren({ rule, suppressor }: CompositeAlarm): void {
    const named = [...alarmsOf(rule), ...(suppressor === undefined ? [] : [suppressor.alarm])];
    const missing = named.filter((name) => this.#alarms.get(name) === undefined);
    if (missing.length === 0) return;
    throw validation(`Could not save the composite alarm as alarms [${missing.join(", ")}] in the alarm rule do not exist`);
  }

  #setAlarmState(parameters: Parameters): undefined {
    const name = parameters.text("AlarmName", { required: true, minimum: 1, maximum: 255 }) ?? "";
    const value = parameters.text("StateValue", { required: true, values: ["OK", "ALARM", "INSUFFICIENT_DATA"] });
    const reason = parameters.text("StateReason", { required: true, maximum: 1023 }) ?? "";
    const data = parameters.text("StateReasonData", { maximum: 4000 });
    parameters.finish();
    if (data !== undefined && !isJson(data)) {
      throw new ServiceError("InvalidFormat", "StateReasonData is not valid JSON.", 400, "InvalidFormatFault");
    }
    if (this.#alarms.get(name) === undefined) throw new ServiceError("ResourceNotFound", `Alarm ${name} does not exist`, 404);
    if (value === "OK" || value === "ALARM" || value === "INSUFFICIENT_DATA") this.#alarms.setState(name, value, reason, data);
    return undefined;
  }

  #setActionsEnabled(parameters: Parameters, enabled: boolean): undefined {
    const names = parameters.texts("AlarmNames", { maximum: mostNames });
    parameters.finish();
    this.#alarms.setActionsEnabled(names, enabled);
    return undefined;
  }

  /** Either all are deleted or none; a name that is not there fails the call. */
  #deleteAlarms(parameters: Parameters): undefined {
    const names = parameters.texts("AlarmNames", { maximum: mostNames });
    parameters.finish();
    const missing = names.filter((name) => this.#alarms.get(name) === undefined);
    if (missing.length > 0) throw new ServiceError("ResourceNotFound", `Alarms [${missing.join(", ")}] do not exist`, 404);
    this.#checkDeletion(names);
    for (const name of names) {
      const arn = this.#alarms.get(name)?.alarm.arn;
      this.#alarms.delete(name);
      if (arn !== undefined) this.#tags.forget(arn);
    }
    return undefined;
  }

  /** A composite alarm is deleted alone, and before its children. */
  #checkDeletion(names: readonly string[]): void {
    const composites = this.#alarms.all().flatMap(({ alarm }) => (alarm.kind === "CompositeAlarm" ? [alarm] : []));
    const deleted = composites.filter(({ name }) => names.includes(name));
    if (deleted.length > 1) throw validation("Only one composite alarm can be deleted in a call.");
    const isNamed = (nameOrArn: string) => names.some((name) => this.#alarms.get(nameOrArn)?.alarm.name === name);
    const parent = composites.find((alarm) => !names.includes(alarm.name) && alarmsOf(alarm.rule).some(isNamed));
    if (parent !== undefined) {
      throw validation(`Cannot delete ${names.join(", ")} as there are composite alarm(s) depending on it: ${parent.name}`);
    }
  }
}

const validation = (message: string) => new ServiceError("ValidationError", message, 400, "ValidationException");

const text = (value: unknown) => (typeof value === "string" ? value : "");

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
