/** One bake: everything is checked first, then Packer runs, then its image is compared with what was asked for. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import type { BakeRequest } from "../../contract/bake.ts";
import type { AwsSession } from "../account.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import type { BakedImage } from "../image/facts.ts";
import { bakedBefore, checkedImage } from "./images.ts";
import { preflight, type SourceImage } from "./preflight.ts";
import { initPlugins, packerBuild, packerRelease } from "./packer.ts";

export interface BakeOptions {
  readonly session: AwsSession;
  readonly say: (line: string) => void;
  /** Whether an image of the same inputs is taken in the place of a new one. */
  readonly reuse: boolean;
  /** Further variables of Packer, `NAME=VALUE`. */
  readonly variables: readonly string[];
  /** Checks only. */
  readonly dryRun: boolean;
}

export interface BakeResult {
  /** `unchanged`: an image of the same inputs was there; `checked`: a dry run. */
  readonly outcome: "baked" | "unchanged" | "checked";
  /** Absent in a dry run. */
  readonly image?: BakedImage;
  readonly packer: string;
}

/** @throws OpsError with the exit code of the table in `../exit-codes.ts` */
export async function bake(request: BakeRequest, options: BakeOptions): Promise<BakeResult> {
  const { session, say } = options;
  if (options.reuse) {
    const image = await bakedBefore(session, request);
    if (image !== undefined) {
      say(`${image.id} was baked of the same inputs at ${image.bakedAt}`);
      return { outcome: "unchanged", image, packer: "not needed" };
    }
  }
  const release = await packerRelease();
  if (release.warning !== undefined) say(`warning: ${release.warning}`);
  const source = await preflight(session, request);
  if (options.dryRun) return { outcome: "checked", packer: release.version };
  await initPlugins(release);
  const work = mkdtempSync(join(tmpdir(), "fleet-bake-"));
  try {
    const variablesFile = join(work, "bake.pkrvars.json");
    const manifest = join(work, "manifest.json");
    writeFileSync(variablesFile, JSON.stringify({ ...variablesOf(request, source), manifest }));
    if (isLocal() && !options.variables.some((one) => one.startsWith("communicator="))) {
      say(
        "local AWS: its instances run nothing, so the image is the source image with tags; --var communicator=ssh provisions all the same",
      );
    }
    await packerBuild({
      folder: release.folder,
      variablesFile,
      variables: options.variables,
      environment: await environmentOf(session),
      timeoutSeconds: request.timeoutSeconds,
      say,
    });
    const image = await checkedImage(session, request, imageIn(manifest, request.region));
    say(`${image.id} is baked: ${image.name}, on ${image.bakeType}`);
    return { outcome: "baked", image, packer: release.version };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const isLocal = () => /^http:\/\/127\.0\.0\.1[:/]/.test(process.env["AWS_ENDPOINT_URL"] ?? "");

function variablesOf({ variables, inputsHash }: BakeRequest, source: SourceImage) {
  const script = variables["script"];
  return {
    ...variables,
    // Packer reads paths from where it stands in; the settings mean the project's folder.
    ...(typeof script === "string" ? { script: resolve(script) } : {}),
    inputs_hash: inputsHash,
    architecture: source.architecture,
    root_device_name: source.rootDeviceName,
    root_size_gib: source.rootSizeGiB,
    endpoint: process.env["AWS_ENDPOINT_URL"] ?? "",
    communicator: isLocal() ? "none" : "ssh",
  };
}

/** The caller's own; with a role that role's credentials, which last an hour. */
async function environmentOf({ clientArguments }: AwsSession): Promise<NodeJS.ProcessEnv> {
  const own = { ...process.env, CHECKPOINT_DISABLE: "1" };
  const assumed = await clientArguments.credentials?.();
  if (assumed === undefined) return own;
  const { accessKeyId, secretAccessKey, sessionToken } = assumed;
  const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken };
  return { ...own, ...keys, AWS_PROFILE: undefined };
}

/** `region:ami-…` in the manifest that Packer writes when it is done. */
function imageIn(manifest: string, region: string): string {
  let artifact: string;
  try {
    const { builds } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly builds: readonly { readonly artifact_id: string }[] };
    artifact = builds.at(-1)?.artifact_id ?? "";
  } catch (error) {
    throw new OpsError(exitCodes.failed, `Packer says that it is done, but its manifest cannot be read: ${(error as Error).message}`);
  }
  const id = artifact
    .split(",")
    .find((one) => one.startsWith(`${region}:`))
    ?.slice(region.length + 1);
  if (id === undefined) throw new OpsError(exitCodes.failed, `Packer's manifest names no image in ${region}, but "${artifact}".`);
  return id;
}
