/** What the story sees and does of the Chef double; its own paths, since the consumer alone holds a key. */
import type { LocalAws } from "../aws/lifetime.ts";
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

  async look(): Promise<ChefObjects> {
    const { nodes, clients } = (await asked("GET", this.#url)) as ChefObjects;
    return { nodes: nodes.toSorted(), clients: clients.toSorted() };
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
