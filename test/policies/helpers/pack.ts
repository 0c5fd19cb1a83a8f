/** The pack's own RPC functions in process: real decoding, real proxies, no port. */
import { createRequire } from "node:module";
import analyzer from "@pulumi/pulumi/proto/analyzer_pb.js";
import structs, { type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";
import { policiesOf } from "../../../policies/engine/policies.ts";
import type { Requests } from "../../../policies/engine/requests.ts";
import { runSettings } from "../../../policies/engine/run-settings.ts";
import type { Exemption } from "../../../policies/core/exemption.ts";
import type { AnyRule } from "../../../policies/core/rule.ts";
import type { ResourceFacts } from "../../../policies/model/resource.ts";

type RpcFunction<Q, A> = (call: { request: Q }, callback: (error: unknown, answer: A) => void) => void;
type Maker<Q, A> = (name: string, version: string, level: string, policies: unknown) => RpcFunction<Q, A>;

const server = createRequire(import.meta.url)("@pulumi/policy/server.js") as {
  makeAnalyzeRpcFun: Maker<unknown, InstanceType<typeof analyzer.AnalyzeResponse>>;
  makeAnalyzeStackRpcFun: Maker<unknown, InstanceType<typeof analyzer.AnalyzeResponse>>;
  makeRemediateRpcFun: Maker<unknown, InstanceType<typeof analyzer.RemediateResponse>>;
};

export interface Said {
  readonly rule: string;
  readonly urn: string;
  readonly message: string;
  readonly level: string;
}

const levels = ["advisory", "mandatory", "disabled", "remediate"];

export const struct = (properties: object) => structs.Struct.fromJavaScript(properties as Record<string, JavaScriptValue>);

export function optionsOf(facts: ResourceFacts) {
  const options = new analyzer.AnalyzerResourceOptions();
  options.setIgnorechangesList([...(facts.ignoreChanges ?? [])]);
  if (facts.parent !== undefined) options.setParent(facts.parent);
  return options;
}

export function analyzeRequest(facts: ResourceFacts) {
  const request = new analyzer.AnalyzeRequest();
  request.setUrn(facts.urn);
  request.setType(facts.type);
  request.setName(facts.urn.split("::").slice(3).join("::"));
  request.setProperties(struct(facts.properties));
  request.setOptions(optionsOf(facts));
  return request;
}

export function stackRequest(resources: readonly ResourceFacts[]) {
  const request = new analyzer.AnalyzeStackRequest();
  request.setResourcesList(
    resources.map((facts) => {
      const resource = new analyzer.AnalyzerResource();
      resource.setUrn(facts.urn);
      resource.setType(facts.type);
      resource.setName(facts.urn.split("::").slice(3).join("::"));
      resource.setProperties(struct(facts.properties));
      resource.setOptions(optionsOf(facts));
      resource.setParent(facts.parent ?? "");
      for (const [key, urns] of Object.entries(facts.propertyDependencies ?? {})) {
        const dependencies = new analyzer.AnalyzerPropertyDependencies();
        dependencies.setUrnsList([...urns]);
        resource.getPropertydependenciesMap().set(key, dependencies);
      }
      return resource;
    }),
  );
  return request;
}

export function saidIn(answer: InstanceType<typeof analyzer.AnalyzeResponse>): Said[] {
  return answer.getDiagnosticsList().map((one) => ({
    rule: one.getPolicyname(),
    urn: one.getUrn(),
    message: one.getMessage().slice(one.getDescription().length + 1),
    level: levels[one.getEnforcementlevel()] ?? "",
  }));
}

export interface PackOptions {
  readonly configured?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly exemptions?: readonly Exemption[];
  readonly stack?: string;
  readonly now?: string | undefined;
  readonly level?: string;
  /** For requests that were read as the pack reads them; without it, @pulumi/policy unpacks them for each policy. */
  readonly requests?: Requests;
}

export class PackInProcess {
  readonly #analyze: RpcFunction<unknown, InstanceType<typeof analyzer.AnalyzeResponse>>;
  readonly #analyzeStack: RpcFunction<unknown, InstanceType<typeof analyzer.AnalyzeResponse>>;
  readonly #remediate: RpcFunction<unknown, InstanceType<typeof analyzer.RemediateResponse>>;

  constructor(rules: readonly AnyRule[], { configured, exemptions = [], stack, now, level, requests }: PackOptions = {}) {
    const settings = runSettings({
      rules,
      exemptions,
      configured: () => (configured === undefined ? undefined : new Map(Object.entries(configured))),
      stack,
      ...(now !== undefined && { now: () => Date.parse(now) }),
    });
    const policies = policiesOf(settings, "required", requests).map((one) =>
      level === undefined ? one : { ...one, enforcementLevel: level },
    );
    this.#analyze = server.makeAnalyzeRpcFun("fleet", "0.1.0", "mandatory", policies);
    this.#analyzeStack = server.makeAnalyzeStackRpcFun("fleet", "0.1.0", "mandatory", policies);
    this.#remediate = server.makeRemediateRpcFun("fleet", "0.1.0", "mandatory", policies);
  }

  /** Violations of one resource; the server leaves the URN to the engine. */
  async analyze(facts: ResourceFacts): Promise<Said[]> {
    return saidIn(await ask(this.#analyze, analyzeRequest(facts))).map((one) => ({ ...one, urn: facts.urn }));
  }

  /** Which rules do not look at the resource, and why. */
  async notApplicable(facts: ResourceFacts): Promise<[rule: string, reason: string][]> {
    const answer = await ask(this.#analyze, analyzeRequest(facts));
    return answer.getNotApplicableList().map((one) => [one.getPolicyName(), one.getReason()]);
  }

  async analyzeStack(resources: readonly ResourceFacts[]): Promise<Said[]> {
    return saidIn(await ask(this.#analyzeStack, stackRequest(resources)));
  }

  /** Each resource, then the stack, as the engine does. */
  async analyzeAll({ inputs, outputs }: { inputs: readonly ResourceFacts[]; outputs: readonly ResourceFacts[] }): Promise<Said[]> {
    const said: Said[] = [];
    for (const facts of inputs) said.push(...(await this.analyze(facts)));
    return [...said, ...(await this.analyzeStack(outputs))];
  }

  /** The same for requests that are decoded already. */
  async answer(
    each: readonly InstanceType<typeof analyzer.AnalyzeRequest>[],
    stack: InstanceType<typeof analyzer.AnalyzeStackRequest>,
  ): Promise<Said[]> {
    const said: Said[] = [];
    for (const request of each) said.push(...saidIn(await ask(this.#analyze, request)).map((one) => ({ ...one, urn: request.getUrn() })));
    return [...said, ...saidIn(await ask(this.#analyzeStack, stack))];
  }

  /** Properties after all remediations; undefined when there was none. */
  async remediate(facts: ResourceFacts): Promise<Record<string, unknown> | undefined> {
    const answer = await ask(this.#remediate, analyzeRequest(facts));
    return answer.getRemediationsList().at(-1)?.getProperties()?.toJavaScript();
  }
}

function ask<Q, A>(rpc: RpcFunction<Q, A>, request: Q): Promise<A> {
  return new Promise((resolve, reject) => {
    rpc({ request }, (error, answer) => (error instanceof Error ? reject(error) : resolve(answer)));
  });
}
