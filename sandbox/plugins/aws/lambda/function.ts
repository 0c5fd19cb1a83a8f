import type { FunctionConfiguration } from "@aws-sdk/client-lambda";
import { unlessCode } from "../clients.ts";
import { list, object, same } from "../codec.ts";
import type { Codec } from "../codec.ts";
import type { Context } from "../context.ts";
import { byInput, madeAnew } from "../definition.ts";
import type { Definition, Found, Update } from "../definition.ts";
import { tagChanges } from "../tags.ts";
import type { CheckFailure } from "../../protocol/provider.ts";
import { equal, unknown } from "../../protocol/values.ts";
import type { Properties, Value } from "../../protocol/values.ts";
import { hashed, zipOf } from "./code.ts";

const asIs: Codec = { encode: (value) => value, decode: (wire) => wire as Value };
const strings = list(asIs);

/** What UpdateFunctionConfiguration takes. */
const configuration = object({
  ...same("description", "handler", "kmsKeyArn", "memorySize", "role", "runtime", "timeout"),
  deadLetterConfig: object(same("targetArn")),
  environment: object(same("variables")),
  ephemeralStorage: object(same("size")),
  imageConfig: object({ commands: ["Command", strings], entryPoints: ["EntryPoint", strings], workingDirectory: true }),
  kmsKeyArn: "KMSKeyArn",
  loggingConfig: object(same("applicationLogLevel", "logFormat", "logGroup", "systemLogLevel")),
  snapStart: object(same("applyOn", "optimizationStatus")),
  tracingConfig: object(same("mode")),
  vpcConfig: object({ ipv6AllowedForDualStack: true, securityGroupIds: strings, subnetIds: strings, vpcId: true }),
});
const codeKeys = ["architectures", "code", "imageUri", "s3Bucket", "s3Key", "s3ObjectVersion", "sourceCodeHash", "sourceKmsKeyArn"];
/** What a configuration that is taken away is set to. */
const cleared: Readonly<Record<string, unknown>> = {
  Description: "",
  DeadLetterConfig: { TargetArn: "" },
  Environment: { Variables: {} },
  KMSKeyArn: "",
  SnapStart: { ApplyOn: "None" },
  VpcConfig: { SecurityGroupIds: [], SubnetIds: [] },
};

const gone = ["ResourceNotFoundException"];
/** No limit of its own. */
const unreserved = -1;

function validate(inputs: Properties): CheckFailure[] {
  const sources = ["code", "imageUri", "s3Bucket"].filter((key) => inputs[key] !== undefined);
  const faults =
    sources.length === 1
      ? []
      : [{ property: "code", reason: `exactly one of code, imageUri, s3Bucket must be given, not ${sources.length}` }];
  if (inputs["packageType"] === "Zip")
    for (const property of ["handler", "runtime"])
      if (inputs[property] === undefined)
        faults.push({ property, reason: `${property} is missing; a function of package type Zip needs it` });
  return faults;
}

async function codeOf(inputs: Properties): Promise<Record<string, unknown>> {
  const { code, imageUri, s3Bucket, s3Key, s3ObjectVersion, sourceKmsKeyArn } = inputs;
  const SourceKMSKeyArn = sourceKmsKeyArn;
  if (code !== undefined) return { ZipFile: await zipOf(code), SourceKMSKeyArn };
  if (imageUri !== undefined) return { ImageUri: imageUri };
  return { S3Bucket: s3Bucket, S3Key: s3Key, S3ObjectVersion: s3ObjectVersion, SourceKMSKeyArn };
}

async function waitReady(name: string, context: Context): Promise<void> {
  let seen = "";
  await context.waitFor(
    `the function ${name} is ready`,
    async () => {
      const { State, StateReason, LastUpdateStatus, LastUpdateStatusReason } = await context.aws("lambda", "GetFunctionConfiguration", {
        FunctionName: name,
      });
      if (State === "Failed" || LastUpdateStatus === "Failed")
        throw new Error(`the function ${name} failed: ${StateReason ?? LastUpdateStatusReason ?? "no reason given"}`);
      seen = `${State ?? ""} ${LastUpdateStatus ?? ""}`.trim();
      // An emulator may leave both out.
      return (State === undefined || State === "Active" || State === "Inactive") && LastUpdateStatus !== "InProgress" ? true : undefined;
    },
    () => seen,
  );
}

async function setConcurrency(name: string, count: Value | undefined, context: Context): Promise<void> {
  if (typeof count === "number" && count !== unreserved)
    await context.aws("lambda", "PutFunctionConcurrency", { FunctionName: name, ReservedConcurrentExecutions: count });
  else await context.aws("lambda", "DeleteFunctionConcurrency", { FunctionName: name });
}

const invokeArn = (context: Context, arn: string, version: string, action: string): string =>
  `arn:${context.partition}:apigateway:${context.region}:lambda:path/${version}/functions/${arn}/${action}`;

function described(found: FunctionConfiguration, context: Context): Found {
  const arn = found.FunctionArn ?? "";
  const qualified = `${arn}:${found.Version ?? "$LATEST"}`;
  const decoded = configuration.decodeAll(found);
  const [file] = found.FileSystemConfigs ?? [];
  return {
    ...decoded,
    description: found.Description === "" ? undefined : found.Description,
    kmsKeyArn: found.KMSKeyArn === "" ? undefined : found.KMSKeyArn,
    vpcConfig: found.VpcConfig?.SubnetIds?.length ? decoded["vpcConfig"] : undefined,
    snapStart: found.SnapStart?.ApplyOn === "None" ? undefined : decoded["snapStart"],
    ephemeralStorage: decoded["ephemeralStorage"] ?? { size: 512 },
    loggingConfig: decoded["loggingConfig"] ?? { logFormat: "Text", logGroup: `/aws/lambda/${found.FunctionName ?? ""}` },
    tracingConfig: decoded["tracingConfig"] ?? { mode: "PassThrough" },
    architectures: found.Architectures ?? ["x86_64"],
    arn,
    codeSha256: found.CodeSha256,
    fileSystemConfig: file && { arn: file.Arn ?? "", localMountPath: file.LocalMountPath ?? "" },
    invokeArn: invokeArn(context, arn, "2015-03-31", "invocations"),
    lastModified: found.LastModified,
    layers: found.Layers?.length ? found.Layers.map((layer) => layer.Arn ?? "") : undefined,
    name: found.FunctionName,
    packageType: found.PackageType ?? "Zip",
    qualifiedArn: qualified,
    qualifiedInvokeArn: invokeArn(context, qualified, "2015-03-31", "invocations"),
    responseStreamingInvokeArn: invokeArn(context, arn, "2021-11-15", "response-streaming-invocations"),
    signingJobArn: found.SigningJobArn ?? "",
    signingProfileVersionArn: found.SigningProfileVersionArn ?? "",
    sourceCodeHash: found.CodeSha256,
    sourceCodeSize: found.CodeSize,
    version: found.Version ?? "$LATEST",
  };
}

async function read(id: string, state: Properties, context: Context): Promise<Found | undefined> {
  const found = await unlessCode(context.aws("lambda", "GetFunction", { FunctionName: id }), ...gone);
  if (found?.Configuration === undefined) return undefined;
  const published = state["publish"] === true ? await newestVersion(id, context) : undefined;
  const reserved = found.Concurrency?.ReservedConcurrentExecutions;
  return {
    ...described({ ...found.Configuration, ...(published === undefined ? {} : { Version: published }) }, context),
    reservedConcurrentExecutions: reserved ?? unreserved,
    tagsAll: { ...found.Tags },
  };
}

async function newestVersion(name: string, context: Context): Promise<string | undefined> {
  const versions: string[] = [];
  for (let marker: string | undefined; ;) {
    const page = await context.aws("lambda", "ListVersionsByFunction", { FunctionName: name, Marker: marker });
    versions.push(...(page.Versions ?? []).map((one) => one.Version ?? ""));
    marker = page.NextMarker;
    if (marker === undefined || marker === "") break;
  }
  return versions
    .filter((version) => version !== "$LATEST")
    .sort((one, other) => Number(other) - Number(one))
    .at(0);
}

async function updateConfiguration({ id, news, changed }: Update, context: Context): Promise<boolean> {
  const keys = [...changed].filter((key) => key in configuration.fields);
  const other = {
    ...(changed.has("layers") ? { Layers: news["layers"] ?? [] } : {}),
    ...(changed.has("fileSystemConfig") ? files(news) : {}),
  };
  if (keys.length === 0 && Object.keys(other).length === 0) return false;
  const gone = keys.filter((key) => news[key] === undefined).map((key) => configuration.fields[key]?.wire ?? key);
  const nothing = Object.fromEntries(gone.filter((wire) => wire in cleared).map((wire) => [wire, cleared[wire]]));
  const parameters = { ...configuration.encodeOnly(news, keys), ...nothing, ...other };
  await context.aws("lambda", "UpdateFunctionConfiguration", { FunctionName: id, ...parameters });
  await waitReady(id, context);
  return true;
}

function files(inputs: Properties): object {
  const file = inputs["fileSystemConfig"] as { arn: string; localMountPath: string } | undefined;
  return { FileSystemConfigs: file === undefined ? [] : [{ Arn: file.arn, LocalMountPath: file.localMountPath }] };
}

async function update(change: Update, context: Context): Promise<void> {
  const { id, olds, news, changed } = change;
  const FunctionName = id;
  const configured = await updateConfiguration(change, context);
  const newCode = codeKeys.some((key) => changed.has(key));
  if (newCode) {
    await context.aws("lambda", "UpdateFunctionCode", { FunctionName, Architectures: news["architectures"], ...(await codeOf(news)) });
    await waitReady(id, context);
  }
  if (changed.has("reservedConcurrentExecutions")) await setConcurrency(id, news["reservedConcurrentExecutions"], context);
  if (news["publish"] === true && (configured || newCode || changed.has("publish")))
    await context.aws("lambda", "PublishVersion", { FunctionName });
  const { set, removed } = tagChanges(olds, news, changed, context);
  if (removed.length > 0) await context.aws("lambda", "UntagResource", { Resource: olds["arn"], TagKeys: removed });
  if (set !== undefined) await context.aws("lambda", "TagResource", { Resource: olds["arn"], Tags: set });
}

const versioned = (changed: ReadonlySet<string>): boolean => [...changed].some((key) => key in configuration.fields || key === "layers");

export const definition: Definition = {
  token: "aws:lambda/function:Function",
  naming: { maxLength: 64 },
  defaults: {
    memorySize: 128,
    packageType: "Zip",
    publish: false,
    reservedConcurrentExecutions: unreserved,
    skipDestroy: false,
    timeout: 3,
  },
  nestedDefaults: { vpcConfig: { ipv6AllowedForDualStack: false } },
  sets: ["architectures", "replacementSecurityGroupIds", "vpcConfig.securityGroupIds", "vpcConfig.subnetIds"],
  // An archive is its content: where it lies, or that it has moved, is no change.
  same: {
    code: (one, other) => equal((one as Properties)["hash"], (other as Properties)["hash"]) && (one as Properties)["hash"] !== undefined,
  },
  unsupported: [
    "capacityProviderConfig",
    "codeSha256",
    "codeSigningConfigArn",
    "durableConfig",
    "publishTo",
    "replaceSecurityGroupsOnDestroy",
    "replacementSecurityGroupIds",
    "tenancyConfig",
    "useResourceTimeoutForPropagation",
  ],
  timeouts: { create: 600, update: 600, delete: 600 },
  async prepare(inputs) {
    const { code } = inputs;
    return code === undefined || code === unknown ? inputs : { ...inputs, code: await hashed(code) };
  },
  validate,
  preview: (inputs) => ({
    architectures: ["x86_64"],
    ephemeralStorage: { size: 512 },
    loggingConfig: { logFormat: "Text", logGroup: `/aws/lambda/${inputs["name"] as string}` },
    signingJobArn: "",
    signingProfileVersionArn: "",
    tracingConfig: { mode: "PassThrough" },
    ...(inputs["publish"] === true ? {} : { version: "$LATEST" }),
  }),
  following(changed) {
    const code = codeKeys.some((key) => changed.has(key));
    return {
      ...(code ? madeAnew("codeSha256", "sourceCodeHash", "sourceCodeSize") : {}),
      ...(code || versioned(changed) ? madeAnew("lastModified", "qualifiedArn", "qualifiedInvokeArn", "version") : {}),
    };
  },
  async create(inputs, context) {
    const tags = context.allTags(inputs);
    await context.aws("lambda", "CreateFunction", {
      FunctionName: inputs["name"],
      Architectures: inputs["architectures"],
      Code: await codeOf(inputs),
      Layers: inputs["layers"],
      PackageType: inputs["packageType"],
      Publish: inputs["publish"],
      ...(inputs["fileSystemConfig"] === undefined ? {} : files(inputs)),
      ...configuration.encode(inputs),
      ...(Object.keys(tags).length > 0 ? { Tags: tags } : {}),
    });
    return inputs["name"] as string;
  },
  async finish(id, inputs, context) {
    await waitReady(id, context);
    if (inputs["reservedConcurrentExecutions"] !== unreserved) await setConcurrency(id, inputs["reservedConcurrentExecutions"], context);
  },
  find: byInput("name"),
  read,
  update,
  async delete(id, state, context) {
    if (state["skipDestroy"] === true) return;
    await unlessCode(context.aws("lambda", "DeleteFunction", { FunctionName: id }), ...gone);
  },
};
