/** Runs the pack as Pulumi's language plugin does, and speaks to it as the engine does. */
import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import analyzer from "@pulumi/pulumi/proto/analyzer_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type { ResourceFacts } from "../../../policies/model/resource.ts";
import { analyzeRequest, saidIn, stackRequest, struct, type Said } from "./pack.ts";

export const packDirectory = join(import.meta.dirname, "../../../policies");

interface StartOptions {
  readonly stack?: string;
  readonly config?: Readonly<Record<string, string>>;
  /** Another pack than ours. */
  readonly directory?: string;
  /** Default: the pack's folder, as with the engine. */
  readonly cwd?: string;
  /** Variables on top of this process's. */
  readonly environment?: Readonly<Record<string, string>>;
}

const disabled = analyzer.EnforcementLevel.DISABLED;
const levelNames = ["advisory", "mandatory", "disabled", "remediate"] as const;
const severityNames = ["", "low", "medium", "high", "critical"] as const;

const asIs = (bytes: Buffer) => bytes;

type Callback<A> = (error: Error | null, answer: A) => void;

function promised<A>(call: (callback: Callback<A>) => unknown): Promise<A> {
  return new Promise((resolve, reject) => {
    call((error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

export class PackProcess {
  readonly #child: ChildProcess;
  readonly #client: InstanceType<typeof services.AnalyzerClient>;
  readonly #output: readonly string[];
  #info: InstanceType<typeof analyzer.AnalyzerInfo> | undefined;

  private constructor(child: ChildProcess, port: string, output: readonly string[]) {
    this.#child = child;
    this.#output = output;
    this.#client = new services.AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
  }

  static async start({
    stack = "test",
    config = {},
    directory = packDirectory,
    cwd = directory,
    environment,
  }: StartOptions = {}): Promise<PackProcess> {
    const runner = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run-policy-pack");
    const child = spawn(process.execPath, [runner, "127.0.0.1:0", directory], {
      cwd,
      env: {
        ...process.env,
        PULUMI_NODEJS_ORGANIZATION: "organization",
        PULUMI_NODEJS_PROJECT: "fleet",
        PULUMI_NODEJS_STACK: stack,
        PULUMI_NODEJS_DRY_RUN: "true",
        PULUMI_CONFIG: JSON.stringify(config),
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output: string[] = [];
    const errors: string[] = [];
    child.stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text));
    const port = await new Promise<string>((resolve, reject) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        output.push(text);
        if (output.join("").includes("\n")) resolve(output.join("").trim());
      });
      child.on("exit", (code) => reject(new Error(`the pack ended with ${String(code)}: ${errors.join("")}`)));
    });
    const pack = new PackProcess(child, port, output);
    await pack.#configureStack(stack, config);
    return pack;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** All that stood on its standard output. */
  get printed(): string {
    return this.#output.join("");
  }

  async #configureStack(stack: string, config: Readonly<Record<string, string>>): Promise<void> {
    const request = new analyzer.AnalyzerStackConfigureRequest();
    request.setStack(stack);
    request.setProject("fleet");
    request.setOrganization("organization");
    request.setDryRun(true);
    for (const [key, value] of Object.entries(config)) request.getConfigMap().set(key, value);
    await promised<unknown>((callback) => this.#client.configureStack(request, callback));
  }

  async #rawInfo() {
    this.#info ??= await promised<InstanceType<typeof analyzer.AnalyzerInfo>>((callback) =>
      this.#client.getAnalyzerInfo(new empty.Empty(), callback),
    );
    return this.#info;
  }

  async info() {
    const info = await this.#rawInfo();
    return {
      name: info.getName(),
      version: info.getVersion(),
      policies: info.getPoliciesList().map((policy) => ({
        name: policy.getName(),
        level: levelNames[policy.getEnforcementlevel()],
        severity: severityNames[policy.getSeverity()],
        steps: policy.getRemediationSteps(),
        url: policy.getUrl(),
        options: Object.keys(policy.getConfigschema()?.getProperties()?.toJavaScript() ?? {}).sort(),
      })),
    };
  }

  /** Defaults of the pack under what is given, as the engine merges them; a disabled rule is switched on when it is named, and `remediated` ones repair. */
  async configure(
    given: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
    remediated: readonly string[] = [],
  ): Promise<void> {
    const info = await this.#rawInfo();
    const request = new analyzer.ConfigureAnalyzerRequest();
    const map = request.getPolicyconfigMap();
    for (const policy of info.getPoliciesList()) {
      const schema = (policy.getConfigschema()?.getProperties()?.toJavaScript() ?? {}) as Record<string, { default?: unknown }>;
      const defaults = Object.fromEntries(Object.entries(schema).map(([key, option]) => [key, option.default]));
      const config = new analyzer.PolicyConfig();
      const own = given[policy.getName()];
      const level = policy.getEnforcementlevel();
      const named = own !== undefined && level === disabled ? analyzer.EnforcementLevel.ADVISORY : level;
      config.setEnforcementlevel(remediated.includes(policy.getName()) ? analyzer.EnforcementLevel.REMEDIATE : named);
      config.setProperties(struct({ ...defaults, ...own }));
      map.set(policy.getName(), config);
    }
    for (const [name, properties] of Object.entries(given)) {
      if (map.has(name)) continue;
      const config = new analyzer.PolicyConfig();
      config.setProperties(struct(properties));
      map.set(name, config);
    }
    await promised<unknown>((callback) => this.#client.configure(request, callback));
  }

  async analyze(facts: ResourceFacts): Promise<Said[]> {
    return saidIn(await this.answer(analyzeRequest(facts))).map((one) => ({ ...one, urn: facts.urn }));
  }

  async analyzeStack(resources: readonly ResourceFacts[]): Promise<Said[]> {
    return saidIn(await this.stackAnswer(stackRequest(resources)));
  }

  /** Properties after all remediations; undefined when there was none. */
  async remediate(facts: ResourceFacts): Promise<Record<string, unknown> | undefined> {
    const answer = await promised<InstanceType<typeof analyzer.RemediateResponse>>((callback) =>
      this.#client.remediate(analyzeRequest(facts), callback),
    );
    return answer.getRemediationsList().at(-1)?.getProperties()?.toJavaScript();
  }

  /** The answer to a message as it is, after the remediation that the engine asks for first. */
  async answer(request: InstanceType<typeof analyzer.AnalyzeRequest>): Promise<InstanceType<typeof analyzer.AnalyzeResponse>> {
    await promised<unknown>((callback) => this.#client.remediate(request, callback));
    return promised((callback) => this.#client.analyze(request, callback));
  }

  stackAnswer(request: InstanceType<typeof analyzer.AnalyzeStackRequest>): Promise<InstanceType<typeof analyzer.AnalyzeResponse>> {
    return promised((callback) => this.#client.analyzeStack(request, callback));
  }

  /** The same, the engine's own work left out: bytes are sent, and those of the answer are not read. */
  async answerBytes(request: Buffer): Promise<Buffer> {
    await this.#bytes(services.AnalyzerService.remediate.path, request);
    return this.#bytes(services.AnalyzerService.analyze.path, request);
  }

  stackAnswerBytes(request: Buffer): Promise<Buffer> {
    return this.#bytes(services.AnalyzerService.analyzeStack.path, request);
  }

  #bytes(path: string, request: Buffer): Promise<Buffer> {
    return promised((callback) => this.#client.makeUnaryRequest(path, asIs, asIs, request, callback as Callback<Buffer | undefined>));
  }

  async analyzeAll({ inputs, outputs }: { inputs: readonly ResourceFacts[]; outputs: readonly ResourceFacts[] }): Promise<Said[]> {
    const said: Said[] = [];
    for (const facts of inputs) said.push(...(await this.analyze(facts)));
    return [...said, ...(await this.analyzeStack(outputs))];
  }

  async stop(): Promise<void> {
    this.#client.close();
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill();
    await ended;
  }
}
