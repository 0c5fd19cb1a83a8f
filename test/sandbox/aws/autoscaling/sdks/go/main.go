// The service through the Go SDK, whose XML reader is stricter than others about what it finds where.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/smithy-go"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func expect(fits bool, what string) {
	if !fits {
		check(errors.New(what))
	}
}

func main() {
	endpoint, subnets, template := os.Args[1], os.Args[2], os.Args[3]
	ctx := context.Background()
	client := autoscaling.New(autoscaling.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIATEST", "test", ""),
	})
	name := aws.String("golang")
	_, err := client.CreateAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: name,
		MinSize:              aws.Int32(2),
		MaxSize:              aws.Int32(4),
		VPCZoneIdentifier:    aws.String(subnets),
		LaunchTemplate:       &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String(template)},
		TerminationPolicies:  []string{"OldestInstance", "Default"},
		Tags:                 []types.Tag{{Key: aws.String("a"), Value: aws.String("b"), PropagateAtLaunch: aws.Bool(true)}},
	})
	check(err)
	waiter := autoscaling.NewGroupInServiceWaiter(client, func(options *autoscaling.GroupInServiceWaiterOptions) {
		options.MinDelay = 100 * time.Millisecond
		options.MaxDelay = time.Second
	})
	groups, err := waiter.WaitForOutput(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{*name}}, time.Minute)
	check(err)
	group := groups.AutoScalingGroups[0]
	expect(len(group.Instances) == 2 && group.Instances[0].LifecycleState == types.LifecycleStateInService, "two in service")
	expect(group.CreatedTime != nil && len(group.TerminationPolicies) == 2, "creation time and termination policies")
	policy, err := client.PutScalingPolicy(ctx, &autoscaling.PutScalingPolicyInput{
		AutoScalingGroupName: name,
		PolicyName:           aws.String("up"),
		PolicyType:           aws.String("StepScaling"),
		AdjustmentType:       aws.String("ChangeInCapacity"),
		StepAdjustments:      []types.StepAdjustment{{MetricIntervalLowerBound: aws.Float64(0.5), ScalingAdjustment: aws.Int32(1)}},
	})
	check(err)
	policies, err := client.DescribePolicies(ctx, &autoscaling.DescribePoliciesInput{PolicyNames: []string{*policy.PolicyARN}})
	check(err)
	expect(*policies.ScalingPolicies[0].StepAdjustments[0].MetricIntervalLowerBound == 0.5, "the step's bound")
	pages := autoscaling.NewDescribeScalingActivitiesPaginator(client, &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: name, MaxRecords: aws.Int32(1)})
	count := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		check(err)
		count += len(page.Activities)
	}
	expect(count == 2, fmt.Sprintf("two activities, not %d", count))
	_, err = client.DeleteAutoScalingGroup(ctx, &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: name})
	var inUse *types.ResourceInUseFault
	expect(errors.As(err, &inUse), "ResourceInUse for a group with instances")
	_, err = client.DescribeLaunchConfigurations(ctx, &autoscaling.DescribeLaunchConfigurationsInput{})
	var refused smithy.APIError
	expect(errors.As(err, &refused) && refused.ErrorCode() == "InvalidAction", "InvalidAction for launch configurations")
	_, err = client.DeleteAutoScalingGroup(ctx, &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: name, ForceDelete: aws.Bool(true)})
	check(err)
	fmt.Println("done")
}
