/** Terminates, stops, starts and tags instances. */
import {
  CreateTagsCommand,
  DeleteTagsCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  type EC2Client,
} from "@aws-sdk/client-ec2";
import type { InstanceStateChanged } from "../../../../scaling/types/facts.ts";
import type { Fact } from "../host/host.ts";
import { chunks, errorCode, messageOf, orAway } from "./clients.ts";
import { PartyAway, type Performers } from "./performer.ts";

/** The model learns of the ends in portions, and an answer stays a few dozen kilobytes. */
const endsPerCall = 100;
const gone = "InvalidInstanceID.NotFound";

type Kinds = "terminate" | "stop" | "start" | "tagInstances";

const stateFacts = (instanceIds: readonly string[], state: InstanceStateChanged["state"]): Fact[] =>
  instanceIds.map((instanceId) => ["instanceStateChanged", { instanceId, state }]);

export function instancePerformers(ec2: EC2Client): Pick<Performers, Kinds> {
  /** One refused id refuses the whole call, so after a refusal each is asked for by itself. */
  async function each(
    instanceIds: readonly string[],
    call: (ids: string[]) => Promise<unknown>,
    state: InstanceStateChanged["state"],
    refused: (instanceId: string, error: unknown) => Fact[],
  ): Promise<Fact[]> {
    try {
      await orAway(call([...instanceIds]));
      return stateFacts(instanceIds, state);
    } catch (error) {
      if (error instanceof PartyAway) throw error;
      const [only, ...others] = instanceIds;
      if (only !== undefined && others.length === 0) {
        return errorCode(error) === gone ? stateFacts([only], "terminated") : refused(only, error);
      }
      const facts: Fact[] = [];
      for (const id of instanceIds) facts.push(...(await each([id], call, state, refused)));
      return facts;
    }
  }
  return {
    terminate: async ({ instanceIds }, { report }) => {
      const refused = (instanceId: string, error: unknown): Fact[] => [
        ["terminateFailed", { instanceId, code: errorCode(error) ?? "Unavailable", message: messageOf(error) }],
      ];
      for (const portion of chunks(instanceIds, endsPerCall)) {
        // No answer: the model says so in the activity and tries again by itself.
        const end = (ids: string[]) => ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
        report(await each(portion, end, "terminated", refused).catch((error: unknown) => portion.flatMap((id) => refused(id, error))));
      }
      return [];
    },
    // A refusal to stop or start leaves the instance as it was, which the health check or the next start then finds.
    stop: ({ instanceIds, hibernate }) =>
      each(
        instanceIds,
        (ids) => ec2.send(new StopInstancesCommand({ InstanceIds: ids, Hibernate: hibernate })),
        "stopped",
        () => [],
      ),
    start: ({ instanceIds }) =>
      each(
        instanceIds,
        (ids) => ec2.send(new StartInstancesCommand({ InstanceIds: ids })),
        "running",
        () => [],
      ),
    tagInstances: async ({ instanceIds, group, set }) => {
      const tag = { Key: "aws:autoscaling:groupName", Value: group };
      const resources = { Resources: [...instanceIds], Tags: [tag] };
      await orAway(set ? ec2.send(new CreateTagsCommand(resources)) : ec2.send(new DeleteTagsCommand(resources)));
      return [];
    },
  };
}
