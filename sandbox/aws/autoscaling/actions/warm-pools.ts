/** Warm pools. */
import { page } from "../protocol/paging.ts";
import { defined } from "./api.ts";
import { groupNamed, type Actions } from "./context.ts";
import { instanceTo, warmPoolTo } from "./views.ts";

export const warmPoolActions: Actions<"PutWarmPool" | "DeleteWarmPool" | "DescribeWarmPool"> = {
  PutWarmPool: (input, { host }) => {
    host.run("putWarmPool", {
      group: input.AutoScalingGroupName,
      ...defined({
        maxGroupPreparedCapacity: input.MaxGroupPreparedCapacity,
        minSize: input.MinSize,
        poolState: input.PoolState,
        reuseOnScaleIn: input.InstanceReusePolicy?.ReuseOnScaleIn,
      }),
    });
    return {};
  },
  DeleteWarmPool: ({ AutoScalingGroupName, ForceDelete }, { host }) => {
    host.run("deleteWarmPool", { group: AutoScalingGroupName, force: ForceDelete ?? false });
    return {};
  },
  DescribeWarmPool: (input, context) => {
    const group = groupNamed(context, input.AutoScalingGroupName);
    const sorted = [...group.warmPoolInstances].sort((one, other) => (one.instanceId < other.instanceId ? -1 : 1));
    const { items, NextToken } = page("warm pool", sorted, ({ instanceId }) => instanceId, input, { usual: 50, most: 50 });
    return { WarmPoolConfiguration: warmPoolTo(group.warmPool), Instances: items.map(instanceTo), NextToken };
  },
};
