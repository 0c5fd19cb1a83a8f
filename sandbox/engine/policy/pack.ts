/** A policy pack as a child process, called in the order in which Pulumi's engine calls it. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import grpc from "@grpc/grpc-js";
import analyzerService from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import protocol from "@pulumi/pulumi/proto/analyzer_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import yaml from "yaml";
import { EngineError } from "../api.ts";
import type { ConfigMap, EnforcementLevel, PolicyPackOptions, PolicyViolation } from "../api.ts";
import { runnerCommand } from "../processes.ts";
import type { Child, Processes } from "../processes.ts";
import { RpcError, call, cancelSeconds, channelOptions, fromStruct, isUnimplemented, quickSeconds, toStruct } from "../rpc.ts";
import type { Method } from "../rpc.ts";
import type { PropertyMap } from "../values.ts";
import { callerSettings, mergeSettings } from "./config.ts";
import type { PolicyDescription, PolicySetting } from "./config.ts";
import { analyze, analyzeRequest, analyzeStack, withoutInternal } from "./messages.ts";
import type { AnalyzedResource, AnalyzedStackResource } from "./messages.ts";

export interface PackStartOptions {
  readonly pack: PolicyPackOptions;
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly config: ConfigMap;
  readonly env: Readonly<Record<string, string>>;
  readonly engineAddress: string;
  readonly dryRun: boolean;
  readonly onLine: (line: string) => void;
}

export interface Remediation {
  readonly policyName: string;
  readonly policyPackName: string;
  readonly policyPackVersion: string;
  readonly description: string;
  /** The inputs as the policy wants them; absent when it could not run. */
  readonly properties?: PropertyMap;
  /** Why it could not run. */
  readonly diagnostic: string;
}

const levels = ["advisory", "mandatory", "disabled", "remediate"] as const satisfies readonly EnforcementLevel[];
const levelNumbers = {
  advisory: protocol.EnforcementLevel.ADVISORY,
  mandatory: protocol.EnforcementLevel.MANDATORY,
  disabled: protocol.EnforcementLevel.DISABLED,
  remediate: protocol.EnforcementLevel.REMEDIATE,
} as const satisfies Record<EnforcementLevel, protocol.EnforcementLevel>;
const severities = ["", "low", "medium", "high", "critical"] as const;

const service = analyzerService.AnalyzerService;

const runner = () => createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run-policy-pack");

const stop = async (child: Child, client: grpc.Client) => {
  client.close();
  await child.stop();
};

/** The version that PulumiPolicy.yaml gives goes before the package's. */
async function packVersion(dir: string): Promise<string | undefined> {
  const file = join(dir, "PulumiPolicy.yaml");
  const text = await readFile(file, "utf8").catch(() => {
    throw new EngineError(`${dir} is not a policy pack: it has no PulumiPolicy.yaml`);
  });
  const { version } = (yaml.parse(text) ?? {}) as { version?: string | number };
  return version === undefined ? undefined : String(version);
}

export class PolicyPack {
  readonly #child: Child;
  readonly #client: grpc.Client;
  readonly #version: string | undefined;
  readonly #said: string[];
  readonly #dir: string;
  name = "";
  version = "";
  policies: readonly string[] = [];

  private constructor(dir: string, child: Child, client: grpc.Client, version: string | undefined, said: string[]) {
    this.#dir = dir;
    this.#child = child;
    this.#client = client;
    this.#version = version;
    this.#said = said;
  }

  static async start(processes: Processes, options: PackStartOptions): Promise<PolicyPack> {
    const { pack, organization, project, stack, config } = options;
    const [version, settings] = await Promise.all([packVersion(pack.dir), callerSettings(pack)]);
    const said: string[] = [];
    const plain = Object.fromEntries(Object.entries(config).map(([key, { value }]) => [key, value]));
    const { child, port } = await processes.startServer({
      name: `policy pack ${pack.dir}`,
      command: [...runnerCommand(runner()), options.engineAddress, pack.dir],
      cwd: pack.dir,
      env: {
        // The SDK's runner has its TypeScript compiler keep a folder for each pack among the system's temporary files.
        TS_NODE_CACHE: "false",
        ...options.env,
        PULUMI_NODEJS_ORGANIZATION: organization,
        PULUMI_NODEJS_PROJECT: project,
        PULUMI_NODEJS_STACK: stack,
        PULUMI_NODEJS_DRY_RUN: String(options.dryRun),
        PULUMI_CONFIG: JSON.stringify(plain),
      },
      onLine: (line) => {
        said.push(line);
        options.onLine(line);
      },
    });
    const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), channelOptions);
    const started = new PolicyPack(pack.dir, child, client, version, said);
    await started.#handshake(options);
    await started.configureStack(options);
    await started.#configure(settings);
    return started;
  }

  #call<Request, Response>(method: Method<Request, Response>, request: Request, seconds = quickSeconds): Promise<Response> {
    return call(this.#client, method, request, { server: this.#child.name, seconds });
  }

  /** Packs up to 1.21 do not know the call. */
  async #handshake({ engineAddress, pack }: PackStartOptions): Promise<void> {
    const request = new protocol.AnalyzerHandshakeRequest()
      .setEngineAddress(engineAddress)
      .setRootDirectory(pack.dir)
      .setProgramDirectory(pack.dir);
    await this.#call(service.handshake, request).catch((error: unknown) => {
      if (!isUnimplemented(error)) throw error;
    });
  }

  async configureStack({
    organization,
    project,
    stack,
    config,
    dryRun,
  }: Pick<PackStartOptions, "organization" | "project" | "stack" | "config" | "dryRun">): Promise<void> {
    const request = new protocol.AnalyzerStackConfigureRequest()
      .setOrganization(organization)
      .setProject(project)
      .setStack(stack)
      .setDryRun(dryRun);
    const map = request.getConfigMap();
    for (const [key, { value }] of Object.entries(config)) map.set(key, value);
    request.setConfigSecretKeysList(Object.keys(config).filter((key) => config[key]?.secret));
    await this.#call(service.configureStack, request);
  }

  async #configure(caller: Awaited<ReturnType<typeof callerSettings>>): Promise<void> {
    const info = await this.#call(service.getAnalyzerInfo, new empty.Empty());
    this.name = info.getName();
    this.version = this.#version ?? info.getVersion();
    const policies = info.getPoliciesList().map(describe);
    this.policies = policies.map((policy) => policy.name);
    if (!info.getSupportsconfig()) return;
    const initial: [string, PolicySetting][] = [];
    info
      .getInitialconfigMap()
      .forEach((one, name) =>
        initial.push([name, { enforcementLevel: levels[one.getEnforcementlevel()], properties: fromStruct(one.getProperties()) }]),
      );
    const merged = mergeSettings(this.name, policies, Object.fromEntries(initial), caller);
    const request = new protocol.ConfigureAnalyzerRequest();
    for (const [name, { enforcementLevel = "advisory", properties }] of Object.entries(merged)) {
      const one = new protocol.PolicyConfig()
        .setEnforcementlevel(levelNumbers[enforcementLevel])
        .setProperties(toStruct(properties as PropertyMap));
      request.getPolicyconfigMap().set(name, one);
    }
    await this.#call(service.configure, request);
  }

  async remediate(resource: AnalyzedResource): Promise<Remediation[]> {
    try {
      const response = await this.#call(service.remediate, analyzeRequest(resource, resource.properties));
      return response.getRemediationsList().map((one) => ({
        policyName: one.getPolicyname(),
        policyPackName: one.getPolicypackname(),
        policyPackVersion: this.#version ?? one.getPolicypackversion(),
        description: one.getDescription(),
        ...(one.getProperties() && { properties: fromStruct(one.getProperties()) }),
        diagnostic: one.getDiagnostic(),
      }));
    } catch (error) {
      if (isUnimplemented(error)) return [];
      throw this.#crash(error);
    }
  }

  async analyze(resource: AnalyzedResource): Promise<PolicyViolation[]> {
    try {
      const found = await this.#call(analyze, analyzeRequest(resource, withoutInternal(resource.properties)));
      return found.map((one) => this.#violation(one, resource.urn));
    } catch (error) {
      throw this.#crash(error);
    }
  }

  /** A violation without a resource of the stack is one of the stack as a whole. */
  async analyzeStack(resources: readonly AnalyzedStackResource[], stackUrn: string): Promise<PolicyViolation[]> {
    const known = new Set(resources.map((resource) => resource.urn));
    try {
      const found = await this.#call(analyzeStack, resources);
      return found.map((one) => this.#violation(one, known.has(one.getUrn()) ? one.getUrn() : stackUrn));
    } catch (error) {
      throw this.#crash(error);
    }
  }

  #violation(one: protocol.AnalyzeDiagnostic, urn: string): PolicyViolation {
    const level = levels[one.getEnforcementlevel()];
    const severity = severities[one.getSeverity()];
    return {
      urn,
      policyName: one.getPolicyname(),
      policyPackName: one.getPolicypackname(),
      policyPackVersion: this.#version ?? one.getPolicypackversion(),
      description: one.getDescription(),
      message: one.getMessage(),
      // What a remediation did not mend is as good as forbidden.
      enforcementLevel: level === "remediate" ? "mandatory" : level,
      ...(severity && { severity }),
    };
  }

  #crash(error: unknown): unknown {
    if (!(error instanceof RpcError)) return error;
    const said = this.#said.length === 0 ? "" : `\n${this.#said.slice(-30).join("\n")}`;
    return new EngineError(`The policy pack ${this.name} (${this.#dir}) failed: ${error.message}${said}`);
  }

  /** Asks the pack to give up what it is at; packs up to 1.21 do not know the call. */
  async cancel(): Promise<void> {
    await this.#call(service.cancel, new empty.Empty(), cancelSeconds).catch(() => undefined);
  }

  close(): Promise<void> {
    return stop(this.#child, this.#client);
  }
}

function describe(policy: protocol.PolicyInfo): PolicyDescription {
  const schema = policy.getConfigschema();
  return {
    name: policy.getName(),
    enforcementLevel: levels[policy.getEnforcementlevel()],
    ...(schema && { schema: { properties: fromStruct(schema.getProperties()), required: schema.getRequiredList() } }),
  };
}
