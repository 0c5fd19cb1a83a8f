/**
 * `npm start`: the staging stack on this machine, as a story. Everything that is told was seen: the exit status is 0 only then.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Command, InvalidArgumentError, Option } from "commander";
import type { FleetOutput, FleetsOutput } from "../contract/fleets-output.ts";
import { stopAws, type LocalAws } from "./aws/lifetime.ts";
import { ChefEyes, removalLine } from "./start/chef.ts";
import { FleetEyes, idsOf } from "./start/fleet.ts";
import { Load, stepPair } from "./start/load.ts";
import { Narrator, StoryError, until } from "./start/narrator.ts";
import { NoticeQueue } from "./start/notices.ts";
import { Parts } from "./start/parts.ts";
import { chooseEngine } from "./verbs/engines.ts";
import { onInterrupt, type Interrupt } from "./verbs/interrupt.ts";
import { stateFile } from "./verbs/local-state.ts";
import { violationLines } from "./verbs/progress.ts";
import { openSession, type Session } from "./verbs/session.ts";
import { isTold } from "./verbs/told.ts";

const root = join(import.meta.dirname, "..");
const stack = "staging";

/** An alarm that needs ten minutes below its threshold needs ten seconds at this speed, and one period still lasts a whole one. */
const defaultSpeed = 60;
/** Real seconds that every wait gets beside the virtual time it needs: a slow machine is not a failure. */
const slackSeconds = 45;
/** Virtual seconds from a decision of a group to an instance in service: launch, start, checks. */
const launchSeconds = 300;

interface Story {
  readonly narrator: Narrator;
  readonly interrupt: Interrupt;
  readonly session: Session;
  readonly aws: LocalAws;
}

/** Real seconds that `virtualSeconds` may take at most. */
function limitSeconds({ aws }: Story, virtualSeconds: number): number {
  return virtualSeconds / (typeof aws.speed === "number" ? aws.speed : 1) + slackSeconds;
}

async function bringUp({ narrator, interrupt, session }: Story): Promise<FleetOutput> {
  narrator.chapter(`The stack "${stack}": program and policies are asked first`);
  const parts = new Parts({
    allowed: (policies) => {
      narrator.seen(`${policies.length} policies, none forbids it:`);
      narrator.list(policies);
      narrator.chapter("It comes up");
    },
    part: (text) => narrator.seen(text),
  });
  const engine = await chooseEngine("embedded");
  const { signal, killSignal } = interrupt;
  const result = await engine.up(session.deployOptions({ signal, killSignal, onEvent: (event) => parts.follow(event) }));
  if (!result.ok) {
    const errors = result.diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message);
    throw new StoryError(`the stack did not come up:\n${[...errors, ...result.policyViolations.map(violationLines)].join("\n")}`);
  }
  const missing = parts.missing();
  if (missing.length > 0) throw new StoryError(`the stack came up without ${missing.join(", ")}`);
  for (const finding of parts.findings) narrator.note(`policy ${finding}`);
  const [fleet] = Object.values((result.outputs["fleets"] ?? {}) as FleetsOutput);
  if (fleet === undefined) throw new StoryError("the stack has no fleet");
  return fleet;
}

async function showInService(story: Story, eyes: FleetEyes): Promise<void> {
  story.narrator.chapter("Instances");
  const view = await until("the minimum size in service", limitSeconds(story, launchSeconds), story.interrupt.signal, async () => {
    const now = await eyes.look();
    return now.inService.length >= now.min ? now : undefined;
  });
  for (const { InstanceId, AvailabilityZone, InstanceType, LifecycleState } of view.inService) {
    story.narrator.seen(`${InstanceId ?? ""} ${InstanceType ?? ""} in ${AvailabilityZone ?? ""} is ${LifecycleState ?? ""}`);
  }
}

async function growAndShrink(story: Story, eyes: FleetEyes, fleet: FleetOutput): Promise<void> {
  const { narrator, aws, interrupt } = story;
  const pair = stepPair(fleet);
  const speed = typeof aws.speed === "number" ? aws.speed : 1;
  narrator.chapter(`Load comes and goes (the clock of the local AWS runs ${speed} times as fast)`);
  const load = new Load(aws, fleet.group.name, pair, speed);
  const before = await eyes.look();
  let view = before;
  const state = () => `desired ${view.desired}, in service ${view.inService.length}${load.fault ? `, load: ${load.fault.message}` : ""}`;
  const alarmSeconds = ({ periodSeconds, evaluationPeriods }: typeof pair.up) => periodSeconds * (evaluationPeriods + 3);
  try {
    load.set("high");
    narrator.note(`${pair.up.metric.name} is put at ${load.value("high")}; the up alarm is on from ${pair.up.threshold}`);
    await until(
      "the group to grow",
      limitSeconds(story, alarmSeconds(pair.up) + launchSeconds),
      interrupt.signal,
      async () => {
        view = await eyes.look();
        return view.inService.length > before.inService.length || undefined;
      },
      state,
    );
    narrator.seen(`grown from ${before.inService.length} to ${view.inService.length} in service: ${idsOf(view.inService)}`);
    load.set("low");
    narrator.note(`${pair.down.metric.name} is put at ${load.value("low")}; the down alarm is on up to ${pair.down.threshold}`);
    // One step at a time, each after the warm-up of what is still starting.
    const steps = fleet.size.max - fleet.size.min;
    await until(
      "the group to shrink",
      limitSeconds(story, alarmSeconds(pair.down) + steps * (pair.down.periodSeconds + fleet.bootSeconds) + launchSeconds),
      interrupt.signal,
      async () => {
        view = await eyes.look();
        return (view.desired === view.min && view.all.length === view.min && view.inService.length === view.min) || undefined;
      },
      state,
    );
    narrator.seen(`shrunk to its minimum, ${view.inService.length} in service: ${idsOf(view.inService)}`);
  } finally {
    load.close();
  }
}

/** What the instances' first Chef runs leave: a node and a client each. */
async function register({ narrator }: Story, eyes: FleetEyes, chef: ChefEyes, prefix: string): Promise<void> {
  const { inService } = await eyes.look();
  for (const { InstanceId: id = "" } of inService) await chef.register(id, prefix);
  const { nodes, clients } = await chef.look();
  narrator.seen(`${nodes.length} nodes and ${clients.length} clients in Chef: ${nodes.join(", ")}`);
}

async function loseOne(story: Story, eyes: FleetEyes, fleet: FleetOutput): Promise<void> {
  const { narrator, aws, interrupt, session } = story;
  narrator.chapter("One instance is terminated behind the group's back");
  const chef = await ChefEyes.ofStack(aws, session.settings);
  if (chef !== undefined) await register(story, eyes, chef, fleet.prefix);
  const before = await eyes.look();
  const victim = before.inService[0]?.InstanceId;
  if (victim === undefined) throw new StoryError("no instance is in service");
  await eyes.terminate(victim);
  const terminatedAt = performance.now();
  narrator.note(`${victim} terminated through EC2`);
  if (chef !== undefined) await showGone(story, chef, victim, terminatedAt);
  const old = new Set(before.all.map(({ InstanceId }) => InstanceId));
  const replacement = await until(
    `a replacement of ${victim} in service`,
    limitSeconds(story, 2 * launchSeconds),
    interrupt.signal,
    async () => {
      const view = await eyes.look();
      const fresh = view.inService.find(({ InstanceId }) => !old.has(InstanceId));
      return view.inService.length >= before.inService.length ? fresh : undefined;
    },
  );
  narrator.seen(`${replacement.InstanceId ?? ""} took its place and is InService`);
  if (chef === undefined) await showNotice(story, fleet, victim);
}

/** The consumer heard of it through the queue, and removed what it left in Chef, and nothing else. */
async function showGone(story: Story, chef: ChefEyes, victim: string, terminatedAt: number): Promise<void> {
  const { narrator, aws, interrupt } = story;
  const others = (await chef.look()).nodes.filter((name) => name !== victim);
  const limit = limitSeconds(story, launchSeconds);
  const left = await until(`node and client of ${victim} to be gone from Chef`, limit, interrupt.signal, async () => {
    const now = await chef.look();
    return now.nodes.includes(victim) || now.clients.includes(victim) ? undefined : now;
  });
  const seconds = (performance.now() - terminatedAt) / 1000;
  if (others.some((name) => !left.nodes.includes(name) || !left.clients.includes(name)))
    throw new StoryError(`the nodes of other instances are gone too: ${others.join(", ")} were there, ${left.nodes.join(", ")} are left`);
  narrator.seen(`its node and client are gone from Chef, ${seconds.toFixed(1)} s after it was terminated; the others' are there`);
  const line = await until(`the consumer's log to tell of ${victim}`, limit, interrupt.signal, () => removalLine(aws, victim));
  narrator.seen(
    `its terminate notice came through the queue (message ${line.messageId}); the consumer needed ${line.durationMs} ms for it`,
  );
}

/** Without a consumer the notice stays in the queue. */
async function showNotice(story: Story, fleet: FleetOutput, victim: string): Promise<void> {
  const { narrator, aws, interrupt } = story;
  const queue = new NoticeQueue(aws, fleet.notices.queueUrl);
  const notice = await until(
    `the notice of ${victim} in the queue ${fleet.notices.queueUrl}`,
    limitSeconds(story, launchSeconds),
    interrupt.signal,
    () => queue.terminateNotice(victim),
  );
  await queue.handBack();
  narrator.seen(`its notice is in the queue: ${notice.Event}, ${notice.EC2InstanceId}, ${notice.StatusCode}`);
  narrator.note(notice.Cause);
}

function whatNext(narrator: Narrator, keep: boolean, times: { readonly total: number; readonly scaling: number }): void {
  narrator.chapter("All of it was seen.");
  const without = times.total - times.scaling;
  narrator.note(`${without.toFixed(1)} s without growing and shrinking, ${times.total.toFixed(1)} s with it`);
  const up = keep ? "" : "npm start -- --keep                            # the same, and leave it up\n";
  process.stdout.write(`
What to try next:
${up}npm run sandbox -- up --stack staging          # change Pulumi.staging.yaml, and see what that does
npm run sandbox -- preview --stack production  # larger, protected, several zones
npm run sandbox -- preview --stack production --set fleet:fleets.app.instanceType=m7i.large   # not what the image was baked on
npm run ops -- status --stack staging --sandbox
eval "$(npm run -s sandbox -- env)"            # then any AWS CLI or SDK
npm run sandbox -- down
`);
}

async function tell(
  narrator: Narrator,
  interrupt: Interrupt,
  options: { readonly speed: number; readonly keep: boolean },
  opened: (session: Session) => void,
): Promise<void> {
  narrator.chapter("A local AWS");
  const session = await openSession({ root, stack, set: [], speed: options.speed, say: (line) => narrator.note(line) });
  opened(session);
  const story: Story = { narrator, interrupt, session, aws: session.aws };
  narrator.seen(`${session.aws.endpoint}, region ${session.aws.region}, account ${session.aws.accountId}`);
  const fleet = await bringUp(story);
  const eyes = new FleetEyes(session.aws, fleet.group.name);
  await showInService(story, eyes);
  const scalingFrom = narrator.elapsedSeconds();
  await growAndShrink(story, eyes, fleet);
  const scaling = narrator.elapsedSeconds() - scalingFrom;
  await loseOne(story, eyes, fleet);
  whatNext(narrator, options.keep, { total: narrator.elapsedSeconds(), scaling });
}

/** Ends what this run started; the stack's state described only that. */
async function tidy(narrator: Narrator, session: Session | undefined, keep: boolean): Promise<void> {
  if (session === undefined || !session.aws.startedByUs) return;
  if (keep) {
    narrator.note('the stack and the local AWS stay up; "npm run sandbox -- down" ends them');
    return;
  }
  await stopAws(root);
  rmSync(stateFile(root, stack), { force: true });
}

async function main(options: { readonly speed: number; readonly keep: boolean }): Promise<number> {
  const narrator = new Narrator(process.stdout);
  using interrupt = onInterrupt((line) => narrator.note(line));
  let session: Session | undefined;
  try {
    await tell(narrator, interrupt, options, (opened) => (session = opened));
    return 0;
  } catch (error) {
    if (!(error instanceof StoryError) && !isTold(error)) throw error;
    process.stdout.write(`\nNot seen: ${error.message}\n`);
    return interrupt.interrupted() ? 130 : 1;
  } finally {
    await tidy(narrator, session, options.keep);
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("It must be a number greater than 0.");
  return value;
}

await new Command("start")
  .description(
    "Shows the staging stack on this machine: it comes up under its policies, grows, shrinks, loses an instance, and Chef forgets it.",
  )
  .addOption(new Option("--speed <factor>", "virtual seconds per second of the local AWS").argParser(positive).default(defaultSpeed))
  .option("--keep", "leave the stack and the local AWS up at the end", false)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(async (options: { readonly speed: number; readonly keep: boolean }) => {
    process.exitCode = await main(options);
  })
  .parseAsync();
