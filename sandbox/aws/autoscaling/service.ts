/** The Auto Scaling service of the local AWS: the API in front of the model, and the model's effects carried out on the other services. */
import { join } from "node:path";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { SSMClient } from "@aws-sdk/client-ssm";
import { ScalingModel } from "../../../scaling/model.ts";
import type { AlarmAction, AwsDeps } from "../deps.ts";
import type { AwsReply, AwsRequest, AwsService, ObservedCall } from "../service.ts";
import type { ActionContext } from "./actions/context.ts";
import { runAction } from "./actions/table.ts";
import { administer } from "./admin.ts";
import { AlarmWatch } from "./alarm-watch.ts";
import { Faults } from "./ec2/faults.ts";
import { KnownResources } from "./ec2/known.ts";
import { LaunchLookup } from "./ec2/lookup.ts";
import { observeCall } from "./ec2/observed.ts";
import { reconcile } from "./ec2/reconcile.ts";
import { clientOptions, messageOf } from "./effects/clients.ts";
import { instancePerformers } from "./effects/instances.ts";
import { launchPerformer } from "./effects/launch.ts";
import { messagePerformers } from "./effects/messages.ts";
import { Performer, type Performers } from "./effects/performer.ts";
import { targetPerformers } from "./effects/targets.ts";
import { ModelHost, type Fact } from "./host/host.ts";
import { idMaker } from "./host/ids.ts";
import { Loads } from "./load.ts";
import { ApiError } from "./protocol/errors.ts";
import { serialiseError, serialiseOutput } from "./protocol/serialise.ts";

export interface AutoScalingService extends AwsService {
  /** Paths of `admin.ts`. @throws Error for a request that cannot be done. */
  admin(path: string, body: unknown): Promise<void>;
}

class AutoScaling implements AutoScalingService {
  readonly signingName = "autoscaling";
  readonly #deps: AwsDeps;
  readonly #host: ModelHost;
  readonly #performer: Performer;
  readonly #known: KnownResources;
  readonly #alarms: AlarmWatch;
  readonly #context: ActionContext;
  readonly #faults = new Faults();
  readonly #loads: Loads;
  readonly #ready: Promise<void>;

  constructor(deps: AwsDeps) {
    this.#deps = deps;
    const ec2 = new EC2Client({ ...deps.clientArguments("ec2"), ...clientOptions });
    const elb = new ElasticLoadBalancingV2Client({ ...deps.clientArguments("elasticloadbalancing"), ...clientOptions });
    const cloudWatch = new CloudWatchClient({ ...deps.clientArguments("monitoring"), ...clientOptions });
    const ssm = new SSMClient({ ...deps.clientArguments("ssm"), ...clientOptions });
    const report = (facts: readonly Fact[]) => this.#host.report(facts);
    const performers: Performers = {
      ...launchPerformer({
        ec2,
        lookup: new LaunchLookup(ec2, ssm),
        faults: this.#faults,
        waits: (id) => this.#waits(id),
        isMember: (id) => this.#host.model.instance(id) !== undefined,
      }),
      ...instancePerformers(ec2),
      ...targetPerformers(elb),
      ...messagePerformers({ deps, cloudWatch, serviceLinkedRole: (group) => this.#serviceLinkedRole(group) }),
    };
    this.#performer = new Performer({
      clock: deps.clock,
      performers,
      report: (facts, done) => this.#host.report(facts, done),
      background: (work) => deps.background(work),
      log: (line) => deps.log(line),
    });
    const directory = join(deps.stateDirectory, "autoscaling");
    const options = { region: deps.region, accountId: deps.accountId, startMs: Math.floor(deps.clock.now()), makeId: idMaker(directory) };
    this.#host = new ModelHost({
      clock: deps.clock,
      directory,
      makeModel: (snapshot) => new ScalingModel(options, snapshot),
      perform: (effect) => this.#performer.perform(effect),
    });
    this.#known = new KnownResources(ec2, report);
    this.#loads = new Loads(deps.clock, this.#host.model, (namespace, values) => deps.putMetricData(namespace, values));
    this.#alarms = new AlarmWatch({
      clock: deps.clock,
      views: this.#host.model,
      cloudWatch,
      report,
      background: (work) => deps.background(work),
      log: (line) => deps.log(line),
    });
    this.#context = { host: this.#host, known: this.#known, alarms: this.#alarms, ec2, elb, cloudWatch };
    deps.onAlarmAction("arn:aws:autoscaling:", (action) => this.#alarm(action));
    this.#ready = this.#start(ec2, elb);
  }

  /** What happened while nobody looked, then the effects that an earlier process left. */
  async #start(ec2: EC2Client, elb: ElasticLoadBalancingV2Client): Promise<void> {
    try {
      for (const name of this.#host.model.groupNames()) await this.#known.readTemplates(this.#host.model.group(name) ?? {});
      this.#host.report(await reconcile(this.#host.model, ec2, elb));
    } catch (error) {
      this.#deps.log(`auto scaling: the instances of an earlier run cannot be looked at: ${messageOf(error)}`);
    }
    this.#host.start();
    this.#alarms.start();
  }

  async handle(request: AwsRequest): Promise<AwsReply> {
    const headers = { "content-type": "text/xml", "x-amzn-requestid": request.requestId };
    try {
      await this.#ready;
      await this.#known.settled();
      const { action, output } = await runAction(parametersOf(request), this.#context);
      return { status: 200, headers, body: serialiseOutput(action, output, request.requestId) };
    } catch (error) {
      const known = error instanceof ApiError ? error : this.#internal(error);
      return { status: known.status, headers, body: serialiseError(known, request.requestId) };
    }
  }

  observe(call: ObservedCall): void {
    const work = observeCall(call, this.#known, (facts) => this.#host.report(facts));
    if (work) this.#deps.background(work);
  }

  async admin(path: string, body: unknown): Promise<void> {
    await this.#ready;
    administer(path, body, {
      faults: this.#faults,
      loads: this.#loads,
      hasGroup: (name) => this.#host.model.group(name) !== undefined,
      report: (facts) => this.#host.report(facts),
    });
  }

  async close(): Promise<void> {
    await this.#ready;
    this.#loads.close();
    this.#alarms.close();
    this.#performer.close();
    this.#host.close();
  }

  async #alarm(action: AlarmAction): Promise<void> {
    await this.#ready;
    const { actionArn, alarmName, alarmArn, state, threshold, metricValue } = action;
    const policy = this.#host.model.policies().find(({ arn }) => arn === actionArn);
    if (policy === undefined) throw new Error(`There is no scaling policy ${actionArn}`);
    if (policy.policyType === "StepScaling" && threshold === undefined) {
      throw new Error(`The alarm ${alarmName} has no threshold that the steps of the policy ${policy.name} could be counted from`);
    }
    const breach = { threshold: threshold ?? 0, ...(metricValue !== undefined && { metricValue }) };
    this.#host.report([["alarmAction", { policyArn: actionArn, alarmName, alarmArn, state, ...breach }]]);
  }

  #waits(activityId: string): boolean {
    const [activity] = this.#host.model.activities({ activityIds: [activityId], includeDeletedGroups: true });
    return activity !== undefined && activity.instanceId === undefined && activity.endAtMs === undefined;
  }

  #serviceLinkedRole(group: string): string {
    return (
      this.#host.model.group(group)?.serviceLinkedRoleArn ??
      `arn:aws:iam::${this.#deps.accountId}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`
    );
  }

  #internal(error: unknown): ApiError {
    this.#deps.log(`auto scaling: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return new ApiError(
      "InternalFailure",
      "The request processing has failed because of an unknown error; the log of the local AWS has it",
    );
  }
}

const parametersOf = ({ method, url, body }: AwsRequest) =>
  new URLSearchParams(method === "GET" ? (url.split("?")[1] ?? "") : body.toString("utf8"));

/** Restores what an earlier process left in `deps.stateDirectory`, and begins to act. */
export function createAutoScaling(deps: AwsDeps): AutoScalingService {
  return new AutoScaling(deps);
}
