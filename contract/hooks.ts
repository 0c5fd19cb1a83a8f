/** Names of lifecycle hooks; nodes complete them by name. */
export const hookNames = { launch: "fleet-launch", terminate: "fleet-terminate" } as const;

/** Transitions, as Auto Scaling spells them. */
export const hookTransitions = {
  launch: "autoscaling:EC2_INSTANCE_LAUNCHING",
  terminate: "autoscaling:EC2_INSTANCE_TERMINATING",
} as const;
