/**
 * Instance metadata with session tokens (IMDSv2), for each instance of its own.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 *
 * Which instance asks: `/_fleet/imds/<instance id>/latest/…` names it, or a listener of its own (`POST /_fleet/imds/<instance id>`) serves it
 * at `/latest/…`, which is what AWS_EC2_METADATA_SERVICE_ENDPOINT and a namespace with 169.254.169.254 need.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Direct } from "../endpoint/direct.ts";
import { ServiceError } from "../endpoint/errors.ts";
import type { Sessions } from "../endpoint/sessions.ts";
import { describeInstances, roleOfProfile, userDataOf } from "../instances.ts";
import type { InstanceView } from "../instances.ts";
import type { AwsReply } from "../service.ts";
import type { World } from "../world.ts";
import { metadataText } from "./document.ts";

export interface MetadataRequest {
  readonly method: string;
  /** Below the instance: `/latest/…`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

const longestTokenSeconds = 21_600;

const plain = (status: number, body: string): AwsReply => ({ status, headers: { "content-type": "text/plain" }, body });

export class MetadataService {
  readonly #world: World;
  readonly #direct: Direct;
  readonly #sessions: Sessions;
  /** Until when a token is good, by instance and token. */
  readonly #tokens = new Map<string, number>();
  readonly #listeners = new Map<string, { readonly server: Server; readonly endpoint: string }>();

  constructor(world: World, direct: Direct, sessions: Sessions) {
    this.#world = world;
    this.#direct = direct;
    this.#sessions = sessions;
  }

  async handle(instanceId: string, request: MetadataRequest): Promise<AwsReply> {
    const instance = await this.#instance(instanceId);
    if (instance === undefined) return plain(404, `There is no running instance ${instanceId}`);
    if (!instance.metadata.enabled) return plain(403, "Metadata are turned off for this instance");
    const path = request.path.split("?")[0] ?? "";
    if (path === "/latest/api/token") return this.#token(instance, request);
    if (request.method !== "GET" && request.method !== "HEAD") return plain(405, "Method Not Allowed");
    const token = request.headers["x-aws-ec2-metadata-token"];
    const isGood = token !== undefined && (this.#tokens.get(`${instanceId} ${token}`) ?? 0) > this.#world.clock.now();
    if (token === undefined ? instance.metadata.tokensRequired : !isGood) return plain(401, "Unauthorized");
    if (path === "/latest/user-data") {
      const data = await userDataOf(this.#direct, instanceId);
      return data === undefined
        ? plain(404, "Not Found")
        : { status: 200, headers: { "content-type": "application/octet-stream" }, body: data };
    }
    const text = path.startsWith("/latest/") ? await this.#text(path.slice("/latest/".length), instance) : undefined;
    return text === undefined ? plain(404, "Not Found") : plain(200, text);
  }

  /** An address at which the instance's metadata are served alone. */
  async listen(instanceId: string): Promise<string> {
    const known = this.#listeners.get(instanceId);
    if (known !== undefined) return known.endpoint;
    const server = createServer((request, response) => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
      );
      void this.handle(instanceId, { method: request.method ?? "GET", path: request.url ?? "/", headers })
        .catch((error: unknown) => plain(500, String(error)))
        .then(({ status, headers: answered, body }) => response.writeHead(status, answered).end(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#listeners.set(instanceId, { server, endpoint });
    return endpoint;
  }

  async close(): Promise<void> {
    for (const { server } of this.#listeners.values()) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #token({ instanceId }: InstanceView, { method, headers }: MetadataRequest): AwsReply {
    if (method !== "PUT") return plain(405, "Method Not Allowed");
    // A proxy that forwards the request adds this header: the answer would leave the instance.
    if (headers["x-forwarded-for"] !== undefined) return plain(403, "Forbidden");
    const seconds = Number(headers["x-aws-ec2-metadata-token-ttl-seconds"]);
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > longestTokenSeconds) return plain(400, "Bad Request");
    const token = randomBytes(32).toString("base64url");
    this.#tokens.set(`${instanceId} ${token}`, this.#world.clock.now() + seconds * 1000);
    return { status: 200, headers: { "content-type": "text/plain", "x-aws-ec2-metadata-token-ttl-seconds": String(seconds) }, body: token };
  }

  async #text(path: string, instance: InstanceView): Promise<string | undefined> {
    const isAboutRole = /^meta-data\/?(?:iam\b|$)/.test(path);
    const roleName = isAboutRole && instance.profileArn !== undefined ? await roleOfProfile(this.#direct, instance.profileArn) : undefined;
    if (roleName !== undefined) this.#sessions.addRole(roleName, instance.instanceId);
    const { accountId, region, clock } = this.#world;
    const targetLifecycleState =
      path.includes("autoscaling") || path === "meta-data/" ? await this.#targetState(instance.instanceId) : undefined;
    return metadataText(path, { instance, accountId, region, roleName, targetLifecycleState, nowMs: clock.now() });
  }

  async #instance(instanceId: string): Promise<InstanceView | undefined> {
    const [instance] = await describeInstances(this.#direct, [instanceId]);
    return instance === undefined || instance.state === "terminated" ? undefined : instance;
  }

  /** https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html */
  async #targetState(instanceId: string): Promise<string | undefined> {
    try {
      const answer = await this.#direct.query("autoscaling", "DescribeAutoScalingInstances", { "InstanceIds.member.1": instanceId });
      const { member = [] } = (answer["AutoScalingInstances"] || {}) as {
        readonly member?: readonly { readonly LifecycleState?: string }[];
      };
      return targetOf(member[0]?.LifecycleState);
    } catch (error) {
      if (error instanceof ServiceError) return undefined;
      throw error;
    }
  }
}

/** Where an instance goes that is on its way; a state of rest is its own. */
export function targetOf(state: string | undefined): string | undefined {
  if (state === undefined) return undefined;
  if (/^Warmed:(Pending|Terminating)/.test(state)) return state.startsWith("Warmed:Pending") ? "Warmed:Stopped" : "Warmed:Terminated";
  if (state.startsWith("Pending")) return "InService";
  if (state.startsWith("Terminating")) return "Terminated";
  if (state === "EnteringStandby") return "Standby";
  if (state === "Detaching") return "Detached";
  return state;
}
