/** Errors that are sentences for people; anything else is a bug and keeps its stack trace. */
import { AwsError } from "../aws/lifetime.ts";
import { EngineError } from "../engine/api.ts";
import { SeedError } from "../seed/override.ts";
import { UsageError } from "./usage-error.ts";

export const isTold = (error: unknown): error is Error =>
  error instanceof UsageError || error instanceof EngineError || error instanceof AwsError || error instanceof SeedError;
