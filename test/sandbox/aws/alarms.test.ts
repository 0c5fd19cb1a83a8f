/** Actions of alarms over virtual hours. */
import assert from "node:assert/strict";
import { VirtualClock } from "../../../scaling/clock.ts";
import { sample } from "../../../scaling/alarms/statistics.ts";
import { Alarms } from "../../../sandbox/aws/cloudwatch/alarms.ts";
import type { MetricAlarm } from "../../../sandbox/aws/cloudwatch/alarm.ts";
import { MetricStore } from "../../../sandbox/aws/cloudwatch/metrics.ts";
import type { AlarmAction } from "../../../sandbox/aws/deps.ts";

const policy = "arn:aws:autoscaling:eu-west-1:123456789012:scalingPolicy:1:autoScalingGroupName/g:policyName/up";
const topic = "arn:aws:sns:eu-west-1:123456789012:t";

const start = Date.UTC(2026, 0, 1);
const metric = { namespace: "AWS/EC2", name: "CPUUtilization", dimensions: { AutoScalingGroupName: "g" } };

const alarm = (more: Partial<MetricAlarm> = {}): MetricAlarm => ({
  ...{ kind: "MetricAlarm", name: "up", arn: "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:up", description: undefined },
  ...{ actionsEnabled: true, okActions: [], alarmActions: [policy, topic], insufficientDataActions: [], configuredMs: start },
  ...{ comparisonOperator: "GreaterThanThreshold", threshold: 70, evaluationPeriods: 2, datapointsToAlarm: 2 },
  ...{ treatMissingData: "missing", treatMissingDataGiven: false, datapointsToAlarmGiven: false, lowSamples: undefined },
  ...{ periodSeconds: 60, queries: [], metric: { ...metric, statistic: "Average", periodSeconds: 60, unit: undefined } },
  ...more,
});

function world() {
  const clock = new VirtualClock(start);
  const store = new MetricStore();
  const actions: (AlarmAction & { readonly minute: number })[] = [];
  const alarms = new Alarms({
    clock,
    store,
    handlerFor: () => (action) => {
      actions.push({ ...action, minute: (action.atMs - start) / 60_000 });
      return Promise.resolve();
    },
    putEvent: () => Promise.resolve(),
    background: (work) => void work,
    log: () => undefined,
  });
  /** One value for each of the coming minutes; undefined leaves the minute without data. */
  const minutes = (...values: readonly (number | undefined)[]) => {
    for (const value of values) {
      if (value !== undefined) store.put(metric, { ...sample(clock.now() + 1000, value), unit: "Percent" }, clock.now());
      clock.advanceBy(60_000);
    }
  };
  return { clock, store, alarms, actions, minutes };
}

const ran = (actions: readonly { readonly actionArn: string; readonly minute: number }[], arn: string) =>
  actions.filter(({ actionArn }) => actionArn === arn).map(({ minute }) => minute);

describe("actions of alarms", () => {
  it("run a scaling policy each minute that the alarm lasts, and notify once", () => {
    const { alarms, actions, minutes } = world();
    alarms.put(alarm());
    minutes(50, 90, 91, 92, 93, 50, 50);
    assert.deepEqual(ran(actions, policy), [3, 4, 5]);
    assert.deepEqual(ran(actions, topic), [3]);
  });

  it("carry the threshold and the newest value, which steps are chosen by", () => {
    const { alarms, actions, minutes } = world();
    alarms.put(alarm());
    minutes(90, 95, 99);
    assert.deepEqual(
      actions.filter(({ actionArn }) => actionArn === policy).map(({ threshold, metricValue, state }) => [threshold, metricValue, state]),
      [
        [70, 95, "ALARM"],
        [70, 99, "ALARM"],
      ],
    );
  });

  it("do not run while they are disabled", () => {
    const { alarms, actions, minutes } = world();
    alarms.put(alarm());
    alarms.setActionsEnabled(["up"], false);
    minutes(90, 90, 90);
    assert.equal(alarms.get("up")?.status.state, "ALARM");
    assert.deepEqual(actions, []);
    alarms.setActionsEnabled(["up"], true);
    minutes(90);
    assert.deepEqual(ran(actions, policy), [4]);
  });

  it("stop with the alarm's deletion", () => {
    const { alarms, actions, minutes } = world();
    alarms.put(alarm());
    minutes(90, 90);
    alarms.delete("up");
    minutes(90, 90);
    assert.deepEqual(ran(actions, policy), [2]);
  });

  it("go on for a while after the metric stopped, on the last data of the evaluation range", () => {
    const { alarms, actions, minutes } = world();
    alarms.put(alarm());
    minutes(90, 90, undefined, undefined, undefined, undefined);
    assert.deepEqual(ran(actions, policy), [2, 3, 4, 5]);
    assert.equal(alarms.get("up")?.status.state, "INSUFFICIENT_DATA");
  });

  it("are taken for failed when nothing performs them, with the reason in the history", async () => {
    const clock = new VirtualClock(start);
    const alarms = new Alarms({
      ...{ clock, store: new MetricStore(), handlerFor: () => undefined, putEvent: () => Promise.resolve() },
      ...{ background: (work: Promise<unknown>) => void work, log: () => undefined },
    });
    alarms.put(alarm({ alarmActions: ["arn:aws:automate:eu-west-1:ec2:stop"], treatMissingData: "breaching" }));
    clock.advanceBy(60_000);
    await new Promise((resolve) => setImmediate(resolve));
    const items = alarms.history.read(clock.now()).filter(({ type }) => type === "Action");
    assert.match(
      items[0]?.summary ?? "",
      /^Failed to execute action arn:aws:automate:eu-west-1:ec2:stop\. Received error: "there is no service here/,
    );
  });

  it("wait for enough samples where a percentile's alarm ignores low counts", () => {
    const { alarms, minutes } = world();
    const percentile = { ...metric, statistic: "p90", periodSeconds: 60, unit: undefined };
    for (const lowSamples of ["ignore", "evaluate"] as const) {
      alarms.put(alarm({ name: lowSamples, metric: percentile, evaluationPeriods: 1, datapointsToAlarm: 1, lowSamples }));
    }
    minutes(99);
    assert.deepEqual(
      ["ignore", "evaluate"].map((name) => alarms.get(name)?.status.state),
      ["INSUFFICIENT_DATA", "ALARM"],
    );
  });
});

describe("metrics kept", () => {
  it("are compacted with age and keep their sums", () => {
    const store = new MetricStore();
    const day = 86_400_000;
    let now = start;
    for (let index = 0; index < 4096; index++, now += 20_000) store.put(metric, { ...sample(now, 1), unit: "None" }, now);
    const kept = store.find(metric)?.samples.length ?? 0;
    assert.ok(kept < 4096, `${kept} samples are kept`);
    assert.equal(store.series(metric, [start], day / 1000, "Sum")[0], 4096);
    assert.equal(store.series(metric, [start + 3_600_000], 60, "Sum")[0], 3);
  });
});
