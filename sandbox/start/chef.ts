/** What the story sees and does of the Chef double; its own paths, since the consumer alone holds a key. */
import { CloudWatchLogsClient, DescribeLogGroupsCommand, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import type { LocalAws } from "../aws/lifetime.ts";
import type { Settings } from "../verbs/project.ts";
import { localClient } from "./fleet.ts";
import { StoryError } from "./narrator.ts";

export interface ChefObjects {
  readonly nodes: readonly string[];
  readonly clients: readonly string[];
}

const timeoutMs = 40_000; // longer than the double's own start may take

async function asked(method: string, url: string, body?: object): Promise<unknown> {
  const options = { method, signal: AbortSignal.timeout(timeoutMs), ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const answer = await fetch(url, options);
  if (!answer.ok) throw new StoryError(`the Chef double refuses ${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

export class ChefEyes {
  readonly #url: string;
  readonly #aws: LocalAws;
  readonly #registered = new Set<string>();

  private constructor(aws: LocalAws, url: string) {
    this.#aws = aws;
    this.#url = url;
  }

  static async open(aws: LocalAws, organization: string): Promise<ChefEyes> {
    const { url } = (await asked("POST", `${aws.endpoint}/_fleet/chef`)) as { readonly url: string };
    return new ChefEyes(aws, `${url}/_fleet/organizations/${organization}`);
  }

  /** The server that the stack's consumer function is told of; undefined when the stack has none. */
  static async ofStack(aws: LocalAws, settings: Settings): Promise<ChefEyes | undefined> {
    const { kind, chef } = (settings["fleet:consumer"] ?? {}) as {
      readonly kind?: string;
      readonly chef?: { readonly serverUrl?: string };
    };
    const organization = chef?.serverUrl?.split("/").at(-1);
    return kind === "lambda" && organization !== undefined ? ChefEyes.open(aws, organization) : undefined;
  }

  async look(): Promise<ChefObjects> {
    const { nodes, clients } = (await asked("GET", this.#url)) as ChefObjects;
    return { nodes: nodes.toSorted(), clients: clients.toSorted() };
  }

  /** What goes wrong in the double from now on, in the form of its own faults; an empty list mends it. */
  async setFaults(faults: readonly { readonly match: string; readonly times: number; readonly status?: number }[]): Promise<void> {
    await asked("PUT", new URL("/_fleet/faults", this.#url).href, faults);
  }

  /** Stands for the first Chef run of an instance: its client and its node, named by its id. Once for each. */
  async register(instanceId: string, fleetPrefix: string): Promise<boolean> {
    if (this.#registered.has(instanceId)) return false;
    this.#registered.add(instanceId);
    await asked("POST", `${this.#url}/nodes`, {
      name: instanceId,
      chef_environment: "_default",
      normal: { fleet: { prefix: fleetPrefix } },
      automatic: {
        ec2: { instance_id: instanceId, account_id: this.#aws.accountId, region: this.#aws.region },
        ohai_time: Date.now() / 1000,
      },
    });
    return true;
  }
}

/** What the consumer wrote into its log when it removed a node. */
export interface RemovalLine {
  readonly messageId: string;
  /** How often the notice was received, this time included. */
  readonly receiveCount: number;
  readonly durationMs: number;
}

/** The line of a removal; undefined as long as there is none. */
export async function removalLine(aws: LocalAws, instanceId: string): Promise<RemovalLine | undefined> {
  const logs = new CloudWatchLogsClient(localClient(aws));
  const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "/aws/lambda/" }));
  for (const { logGroupName } of logGroups) {
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern: `"${instanceId}"` }));
    const line = events.find(({ message }) => message?.includes('"outcome":"removed"') && message.includes(instanceId))?.message;
    if (line !== undefined) return JSON.parse(line) as RemovalLine;
  }
  return undefined;
}
