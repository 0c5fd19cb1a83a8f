/** Type tokens of our components; policies match on them, and renaming one replaces every child. */
export const typeTokens = {
  bakedImage: "fleet:components:BakedImage",
  fleet: "fleet:components:Fleet",
  scalingAlarms: "fleet:components:ScalingAlarms",
  noticePath: "fleet:components:NoticePath",
  nodeCleanup: "fleet:components:NodeCleanup",
  rollout: "fleet:components:Rollout",
  snapshotVolume: "fleet:components:SnapshotVolume",
  managedNodeLayer: "fleet:components:ManagedNodeLayer",
  fleetDashboard: "fleet:components:FleetDashboard",
} as const;
