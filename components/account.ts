import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** The account that the provider's credentials belong to; ARNs of it are built from here, never typed. */
export interface Account {
  readonly accountId: pulumi.Input<string>;
  /** `aws`, `aws-cn` or `aws-us-gov`. */
  readonly partition: pulumi.Input<string>;
  readonly region: string;
}

export function lookUpAccount(region: string): Account {
  return { accountId: aws.getCallerIdentityOutput().accountId, partition: aws.getPartitionOutput().partition, region };
}
