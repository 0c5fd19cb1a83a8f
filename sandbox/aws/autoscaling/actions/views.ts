/** Instances and warm pools as several actions show them. */
import type { InstanceView, WarmPoolView } from "../../../../scaling/types/views.ts";
import { resolvedTemplateTo } from "./launch-config.ts";

export function instanceTo(instance: InstanceView) {
  return {
    InstanceId: instance.instanceId,
    InstanceType: instance.instanceType,
    AvailabilityZone: instance.zone,
    LifecycleState: instance.lifecycleState as "InService",
    HealthStatus: instance.healthStatus,
    LaunchTemplate: resolvedTemplateTo(instance.template),
    ImageId: instance.imageId,
    ProtectedFromScaleIn: instance.protectedFromScaleIn,
  };
}

export const warmPoolTo = (pool: WarmPoolView | undefined) =>
  pool && {
    MaxGroupPreparedCapacity: pool.maxGroupPreparedCapacity,
    MinSize: pool.minSize,
    PoolState: pool.poolState,
    Status: pool.pendingDelete ? ("PendingDelete" as const) : undefined,
    InstanceReusePolicy: { ReuseOnScaleIn: pool.reuseOnScaleIn },
  };
