import type { RefreshProgress } from "./types/views.ts";
import type { LaunchConfig, RefreshPreferences, RefreshStatus } from "./types/common.ts";

export interface RefreshState {
  readonly id: string;
  status: RefreshStatus;
  statusReason: string | undefined;
  readonly startAtMs: number;
  endAtMs: number | undefined;
  /** As given, completed by the defaults. */
  readonly preferences: Required<Pick<RefreshPreferences, DefaultedPreference>> & RefreshPreferences;
  /** MaxHealthyPercentage was given, here or by the maintenance policy. */
  readonly maxIsExplicit: boolean;
  readonly desiredConfiguration: LaunchConfig | undefined;
  /** Instances that were taken out so far, at first forwards, then back. */
  replaced: number;
  /** The same of the warm pool. */
  warmReplaced: number;
  /** For the view, of each pool; absent before the first step, or without a warm pool. */
  live: RefreshProgress | undefined;
  warm: RefreshProgress | undefined;
  /** Percent, for the view; never falls but in a roll-back. */
  percentageComplete: number;
  instancesToUpdate: number;
  /** Index of the next checkpoint, and until when the last one holds. */
  checkpoint: number;
  checkpointUntilMs: number;
  /** Since when nothing can go on; 0 = it goes on. */
  blockedSinceMs: number;
  /** Since when new instances have failed without a good one; 0 = none has. */
  failingSinceMs: number;
  bakingUntilMs: number;
  /** The next step is due then; 0 = none is scheduled. */
  wakeAtMs: number;
  rollback:
    | { readonly reason: string; readonly startAtMs: number; readonly percentageComplete: number; readonly instancesToUpdate: number }
    | undefined;
}

export type DefaultedPreference =
  "minHealthyPercentage" | "instanceWarmupSeconds" | "skipMatching" | "autoRollback" | "scaleInProtectedInstances" | "standbyInstances";
