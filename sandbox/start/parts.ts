/** The parts of a stack that the story reports as they succeed, and what is still missing at the end. */
import type { EngineEvent } from "../engine/api.ts";
import { nameOf } from "../verbs/progress.ts";

interface Part {
  readonly label: string;
  readonly type: string;
  /** End of the resource's name, where one type serves several parts. */
  readonly ending?: string;
}

const parts: readonly Part[] = [
  { label: "image", type: "fleet:components:BakedImage" },
  { label: "topic", type: "aws:sns/topic:Topic", ending: "-topic" },
  { label: "queue", type: "aws:sqs/queue:Queue", ending: "-queue" },
  { label: "launch template", type: "aws:ec2/launchTemplate:LaunchTemplate" },
  { label: "group", type: "aws:autoscaling/group:Group" },
  { label: "notification", type: "aws:autoscaling/notification:Notification" },
  { label: "up policy", type: "aws:autoscaling/policy:Policy", ending: "-up" },
  { label: "up alarm", type: "aws:cloudwatch/metricAlarm:MetricAlarm", ending: "-up-alarm" },
  { label: "down policy", type: "aws:autoscaling/policy:Policy", ending: "-down" },
  { label: "down alarm", type: "aws:cloudwatch/metricAlarm:MetricAlarm", ending: "-down-alarm" },
];

const successes = new Set(["create", "update", "same", "create-replacement"]);

export interface Listener {
  /** The preview passed: nothing was created yet, and nothing forbids it. */
  readonly allowed: (policies: readonly string[]) => void;
  /** One part exists. */
  readonly part: (text: string) => void;
}

/** Follows the events of an `up`. */
export class Parts {
  readonly #seen = new Set<string>();
  readonly #listener: Listener;
  #policies: readonly string[] = [];
  /** What the policies say of the stack as it stands; the preview's findings are about a plan, in which much is unknown. */
  readonly findings = new Set<string>();

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  follow(event: EngineEvent): void {
    if (event.kind === "policyPack") this.#policies = event.policies;
    if (event.kind === "phase" && event.phase === "up") this.#listener.allowed(this.#policies);
    if (event.kind === "policyViolation" && event.phase === "up") {
      this.findings.add(
        `${event.policyName} (${event.enforcementLevel}): ${event.message.split("\n").slice(1).join(" ").trim() || event.message}`,
      );
    }
    if (event.kind !== "step" || event.phase !== "up" || event.state !== "done" || !successes.has(event.op)) return;
    const name = nameOf(event.urn);
    const part = parts.find(({ type, ending = "" }) => event.type === type && name.endsWith(ending));
    if (part === undefined) return;
    this.#seen.add(part.label);
    this.#listener.part(`${part.label.padEnd(16)} ${name}${event.op === "same" ? " (as it was)" : ""}`);
  }

  missing(): string[] {
    return parts.map(({ label }) => label).filter((label) => !this.#seen.has(label));
  }
}
