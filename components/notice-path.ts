import type * as pulumi from "@pulumi/pulumi";
import type { NamingInputs } from "../contract/naming.ts";

export interface NoticePathArgs {
  readonly naming: NamingInputs;
  readonly region: string;
  /** Topic that hears of old messages and dead letters. */
  readonly alertTopicArn: pulumi.Input<string>;
  /** Seconds that a message may be worked on before it is visible again, 0 to 43200. */
  readonly visibilityTimeoutSeconds: number;
  /** Receives before a message goes to the dead-letter queue, 1 to 1000. */
  readonly maxReceiveCount: number;
  /** Age of the oldest message that alarms, seconds. */
  readonly maxAgeSeconds: number;
}
