/**
 * All rules, in the order in which they run. The rules about the pack itself stand last, because the last of them
 * reports what the others could not prove.
 */
import type { AnyRule } from "./core/rule.ts";
import { alarmActionsEnabled } from "./rules/alarm-actions-enabled.ts";
import { alarmDirectionMatchesPolicy } from "./rules/alarm-direction-matches-policy.ts";
import { alarmMissingDataSafe } from "./rules/alarm-missing-data-safe.ts";
import { alarmReachesPolicy } from "./rules/alarm-reaches-policy.ts";
import { alarmWatchesItsGroup } from "./rules/alarm-watches-its-group.ts";
import { alarmWindowFits } from "./rules/alarm-window-fits.ts";
import { consumerConcurrencyBounded } from "./rules/consumer-concurrency-bounded.ts";
import { consumerLeastPrivilege } from "./rules/consumer-least-privilege.ts";
import { consumerLogsRetained } from "./rules/consumer-logs-retained.ts";
import { consumerNoSecrets } from "./rules/consumer-no-secrets.ts";
import { consumerPartialBatch } from "./rules/consumer-partial-batch.ts";
import { consumerRuntime } from "./rules/consumer-runtime.ts";
import { consumerTracing } from "./rules/consumer-tracing.ts";
import { groupDesiredNotFought } from "./rules/group-desired-not-fought.ts";
import { groupGraceCoversBoot } from "./rules/group-grace-covers-boot.ts";
import { groupHealthCheck } from "./rules/group-health-check.ts";
import { groupMultiAz } from "./rules/group-multi-az.ts";
import { groupNoSuspendedProcesses } from "./rules/group-no-suspended-processes.ts";
import { groupReplacesOnNewImage } from "./rules/group-replaces-on-new-image.ts";
import { groupSingleType } from "./rules/group-single-type.ts";
import { groupSizeBounds } from "./rules/group-size-bounds.ts";
import { groupTagsPropagate } from "./rules/group-tags-propagate.ts";
import { groupUsesLaunchTemplate } from "./rules/group-uses-launch-template.ts";
import { groupWarmPoolHooked } from "./rules/group-warm-pool-hooked.ts";
import { groupWarmupCoversBoot } from "./rules/group-warmup-covers-boot.ts";
import { imageApproved } from "./rules/image-approved.ts";
import { imageArchitectureMatch } from "./rules/image-architecture-match.ts";
import { imageEncrypted } from "./rules/image-encrypted.ts";
import { imageFactsKnown } from "./rules/image-facts-known.ts";
import { imageInstanceTypeMatch } from "./rules/image-instance-type-match.ts";
import { imageMaxAge } from "./rules/image-max-age.ts";
import { imageNotPublic } from "./rules/image-not-public.ts";
import { imagePinned } from "./rules/image-pinned.ts";
import { imagePromoted } from "./rules/image-promoted.ts";
import { keyNotPublic } from "./rules/key-not-public.ts";
import { keyRotation } from "./rules/key-rotation.ts";
import { notifyErrorsToo } from "./rules/notify-errors-too.ts";
import { notifyKeyAllowsPublisher } from "./rules/notify-key-allows-publisher.ts";
import { notifyReachesQueue } from "./rules/notify-reaches-queue.ts";
import { notifyTerminateExists } from "./rules/notify-terminate-exists.ts";
import { notifyTlsOnly } from "./rules/notify-tls-only.ts";
import { notifyTopicEncrypted } from "./rules/notify-topic-encrypted.ts";
import { notifyTopicPrivate } from "./rules/notify-topic-private.ts";
import { packConfigKnown } from "./rules/pack-config-known.ts";
import { packExemptionsValid } from "./rules/pack-exemptions-valid.ts";
import { packNothingUnproved } from "./rules/pack-nothing-unproved.ts";
import { queueDlqAlarmed } from "./rules/queue-dlq-alarmed.ts";
import { queueEncrypted } from "./rules/queue-encrypted.ts";
import { queueHasConsumer } from "./rules/queue-has-consumer.ts";
import { queueHasDlq } from "./rules/queue-has-dlq.ts";
import { queuePolicySender } from "./rules/queue-policy-sender.ts";
import { queueVisibility } from "./rules/queue-visibility.ts";
import { scalingCooldownCoversBoot } from "./rules/scaling-cooldown-covers-boot.ts";
import { scalingNoOscillation } from "./rules/scaling-no-oscillation.ts";
import { scalingNotSimple } from "./rules/scaling-not-simple.ts";
import { scalingOutAndInExist } from "./rules/scaling-out-and-in-exist.ts";
import { scalingStepsWellformed } from "./rules/scaling-steps-wellformed.ts";
import { subscriptionDlq } from "./rules/subscription-dlq.ts";
import { templateEbsEncrypted } from "./rules/template-ebs-encrypted.ts";
import { templateHopLimit } from "./rules/template-hop-limit.ts";
import { templateImdsv2 } from "./rules/template-imdsv2.ts";
import { templateMonitoringMatchesAlarms } from "./rules/template-monitoring-matches-alarms.ts";
import { templateNoPublicIp } from "./rules/template-no-public-ip.ts";
import { templateNoSecrets } from "./rules/template-no-secrets.ts";

export const rules: readonly AnyRule[] = [
  imageInstanceTypeMatch,
  imageFactsKnown,
  imagePinned,
  imageMaxAge,
  imagePromoted,
  imageApproved,
  imageArchitectureMatch,
  imageNotPublic,
  imageEncrypted,
  templateImdsv2,
  templateHopLimit,
  templateNoPublicIp,
  templateEbsEncrypted,
  templateNoSecrets,
  templateMonitoringMatchesAlarms,
  groupUsesLaunchTemplate,
  groupMultiAz,
  groupHealthCheck,
  groupSizeBounds,
  groupDesiredNotFought,
  groupNoSuspendedProcesses,
  groupTagsPropagate,
  groupSingleType,
  groupReplacesOnNewImage,
  groupWarmupCoversBoot,
  groupGraceCoversBoot,
  groupWarmPoolHooked,
  scalingOutAndInExist,
  scalingNoOscillation,
  scalingCooldownCoversBoot,
  scalingStepsWellformed,
  scalingNotSimple,
  alarmReachesPolicy,
  alarmActionsEnabled,
  alarmDirectionMatchesPolicy,
  alarmWatchesItsGroup,
  alarmWindowFits,
  alarmMissingDataSafe,
  notifyTerminateExists,
  notifyErrorsToo,
  notifyReachesQueue,
  notifyTopicPrivate,
  notifyTopicEncrypted,
  notifyKeyAllowsPublisher,
  notifyTlsOnly,
  subscriptionDlq,
  queuePolicySender,
  queueEncrypted,
  queueHasDlq,
  queueDlqAlarmed,
  queueHasConsumer,
  queueVisibility,
  consumerPartialBatch,
  consumerRuntime,
  consumerConcurrencyBounded,
  consumerLogsRetained,
  consumerNoSecrets,
  consumerLeastPrivilege,
  consumerTracing,
  keyRotation,
  keyNotPublic,
  packConfigKnown,
  packExemptionsValid,
  packNothingUnproved,
];
