"""Every action of the service once through boto3, with its refusals and paginators. Prints the actions it called.

    python boto3_scenario.py ENDPOINT SUBNET,SUBNET
"""

import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, subnets = sys.argv[1:3]
options = dict(
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="AKIATEST",
    aws_secret_access_key="test",
    config=Config(retries={"max_attempts": 1}),
)
client = boto3.client("autoscaling", **options)
ec2 = boto3.client("ec2", **options)
called = set()
client.meta.events.register("before-call.auto-scaling", lambda model, **_: called.add(model.name))


def refused(code, action, **parameters):
    try:
        getattr(client, action)(**parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400, error
        assert error.response["ResponseMetadata"]["RequestId"], error
        return
    raise AssertionError(f"{action} was not refused")


def group(name):
    [found] = client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return found


def in_service(name, count):
    deadline = time.time() + 60
    while time.time() < deadline:
        members = group(name)["Instances"]
        if len(members) == count and all(one["LifecycleState"] == "InService" for one in members):
            return sorted(one["InstanceId"] for one in members)
        time.sleep(0.1)
    raise AssertionError(f"{name} has not {count} in service: {members}")


image = ec2.register_image(Name="boto3", RootDeviceName="/dev/xvda")["ImageId"]
data = {"ImageId": image, "InstanceType": "t3.micro"}
ec2.create_launch_template(LaunchTemplateName="boto3", LaunchTemplateData=data)
template = {"LaunchTemplateName": "boto3", "Version": "1"}
g = "boto3"
tags = [{"Key": "team", "Value": "a & b <c>", "PropagateAtLaunch": True}]
client.create_auto_scaling_group(
    AutoScalingGroupName=g, MinSize=0, MaxSize=9, DesiredCapacity=3, LaunchTemplate=template, VPCZoneIdentifier=subnets, Tags=tags
)
refused("AlreadyExists", "create_auto_scaling_group", AutoScalingGroupName=g, MinSize=0, MaxSize=1, LaunchTemplate=template, VPCZoneIdentifier=subnets)
refused("ResourceInUse", "delete_auto_scaling_group", AutoScalingGroupName=g)
ids = in_service(g, 3)
client.suspend_processes(AutoScalingGroupName=g, ScalingProcesses=["AZRebalance"])
assert group(g)["Tags"][0]["Value"] == "a & b <c>"
client.update_auto_scaling_group(AutoScalingGroupName=g, HealthCheckGracePeriod=60, DefaultInstanceWarmup=0)
client.set_desired_capacity(AutoScalingGroupName=g, DesiredCapacity=4)
refused("ValidationError", "set_desired_capacity", AutoScalingGroupName=g, DesiredCapacity=10)
ids = in_service(g, 4)
pages = client.get_paginator("describe_auto_scaling_instances").paginate(PaginationConfig={"PageSize": 3})
assert sorted(one["InstanceId"] for page in pages for one in page["AutoScalingInstances"]) == ids
pages = client.get_paginator("describe_scaling_activities").paginate(AutoScalingGroupName=g, PaginationConfig={"PageSize": 2})
activities = [one for page in pages for one in page["Activities"]]
assert len(activities) == 4 and {one["StatusCode"] for one in activities} == {"Successful"}, activities

activity = client.terminate_instance_in_auto_scaling_group(InstanceId=ids[0], ShouldDecrementDesiredCapacity=True)["Activity"]
assert activity["Description"] == f"Terminating EC2 instance: {ids[0]}"
ids = in_service(g, 3)
client.enter_standby(AutoScalingGroupName=g, InstanceIds=ids[:1], ShouldDecrementDesiredCapacity=True)
client.exit_standby(AutoScalingGroupName=g, InstanceIds=ids[:1])
in_service(g, 3)
client.detach_instances(AutoScalingGroupName=g, InstanceIds=ids[:1], ShouldDecrementDesiredCapacity=True)
in_service(g, 2)
client.attach_instances(AutoScalingGroupName=g, InstanceIds=ids[:1])
in_service(g, 3)
client.set_instance_health(InstanceId=ids[0], HealthStatus="Healthy")
client.set_instance_protection(AutoScalingGroupName=g, InstanceIds=ids, ProtectedFromScaleIn=True)
assert all(one["ProtectedFromScaleIn"] for one in group(g)["Instances"])
client.set_instance_protection(AutoScalingGroupName=g, InstanceIds=ids, ProtectedFromScaleIn=False)
client.resume_processes(AutoScalingGroupName=g)
assert group(g)["SuspendedProcesses"] == []
assert len(client.describe_scaling_process_types()["Processes"]) == 9

client.create_or_update_tags(Tags=[{"ResourceId": g, "ResourceType": "auto-scaling-group", "Key": "k", "Value": "v", "PropagateAtLaunch": False}])
pages = client.get_paginator("describe_tags").paginate(PaginationConfig={"PageSize": 1})
assert [one["Key"] for page in pages for one in page["Tags"]] == ["k", "team"]
client.delete_tags(Tags=[{"ResourceId": g, "ResourceType": "auto-scaling-group", "Key": "k"}])

steps = [{"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 2.5, "ScalingAdjustment": 1}, {"MetricIntervalLowerBound": 2.5, "ScalingAdjustment": 2}]
arn = client.put_scaling_policy(AutoScalingGroupName=g, PolicyName="up", PolicyType="StepScaling", AdjustmentType="ChangeInCapacity", StepAdjustments=steps)["PolicyARN"]
client.execute_policy(PolicyName=arn, MetricValue=10.0, BreachThreshold=5.0)
in_service(g, 5)
[policy] = client.describe_policies(AutoScalingGroupName=g)["ScalingPolicies"]
assert policy["StepAdjustments"] == steps, policy
refused("ValidationError", "execute_policy", AutoScalingGroupName=g, PolicyName="nothing")
client.delete_policy(PolicyName=arn)

when = "2040-01-01T00:00:00Z"
client.put_scheduled_update_group_action(AutoScalingGroupName=g, ScheduledActionName="one", StartTime=when, DesiredCapacity=1)
failed = client.batch_put_scheduled_update_group_action(
    AutoScalingGroupName=g,
    ScheduledUpdateGroupActions=[{"ScheduledActionName": "two", "Recurrence": "0 6 * * 1-5", "TimeZone": "Europe/Berlin", "MinSize": 1}, {"ScheduledActionName": "three", "Recurrence": "x"}],
)["FailedScheduledUpdateGroupActions"]
assert [one["ScheduledActionName"] for one in failed] == ["three"]
pages = client.get_paginator("describe_scheduled_actions").paginate(AutoScalingGroupName=g, PaginationConfig={"PageSize": 1})
actions = {one["ScheduledActionName"]: one for page in pages for one in page["ScheduledUpdateGroupActions"]}
assert actions["one"]["StartTime"].isoformat() == "2040-01-01T00:00:00+00:00" and actions["two"]["TimeZone"] == "Europe/Berlin"
client.delete_scheduled_action(AutoScalingGroupName=g, ScheduledActionName="one")
assert client.batch_delete_scheduled_action(AutoScalingGroupName=g, ScheduledActionNames=["two"])["FailedScheduledActions"] == []

topic = boto3.client("sns", **options).create_topic(Name="boto3")["TopicArn"]
client.put_notification_configuration(AutoScalingGroupName=g, TopicARN=topic, NotificationTypes=["autoscaling:EC2_INSTANCE_TERMINATE"])
pages = client.get_paginator("describe_notification_configurations").paginate()
assert [one["NotificationType"] for page in pages for one in page["NotificationConfigurations"]] == ["autoscaling:EC2_INSTANCE_TERMINATE"]
client.delete_notification_configuration(AutoScalingGroupName=g, TopicARN=topic)
assert len(client.describe_auto_scaling_notification_types()["AutoScalingNotificationTypes"]) == 5

client.put_lifecycle_hook(AutoScalingGroupName=g, LifecycleHookName="h", LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING", HeartbeatTimeout=600)
client.set_desired_capacity(AutoScalingGroupName=g, DesiredCapacity=6)
waiting = []
while not waiting:
    waiting = [one["InstanceId"] for one in group(g)["Instances"] if one["LifecycleState"] == "Pending:Wait"]
client.record_lifecycle_action_heartbeat(AutoScalingGroupName=g, LifecycleHookName="h", InstanceId=waiting[0])
client.complete_lifecycle_action(AutoScalingGroupName=g, LifecycleHookName="h", LifecycleActionResult="CONTINUE", InstanceId=waiting[0])
in_service(g, 6)
[hook] = client.describe_lifecycle_hooks(AutoScalingGroupName=g)["LifecycleHooks"]
assert hook["HeartbeatTimeout"] == 600 and hook["DefaultResult"] == "ABANDON"
client.delete_lifecycle_hook(AutoScalingGroupName=g, LifecycleHookName="h")
assert len(client.describe_lifecycle_hook_types()["LifecycleHookTypes"]) == 2

refused("ActiveInstanceRefreshNotFound", "cancel_instance_refresh", AutoScalingGroupName=g)
preferences = {"MinHealthyPercentage": 50, "InstanceWarmup": 3600, "SkipMatching": False}
ec2.create_launch_template_version(LaunchTemplateName="boto3", LaunchTemplateData={**data, "InstanceType": "t3.small"})
desired = {"LaunchTemplate": {"LaunchTemplateName": "boto3", "Version": "2"}}
first = client.start_instance_refresh(AutoScalingGroupName=g, Preferences=preferences, DesiredConfiguration=desired)["InstanceRefreshId"]
refused("InstanceRefreshInProgress", "start_instance_refresh", AutoScalingGroupName=g)
assert client.cancel_instance_refresh(AutoScalingGroupName=g)["InstanceRefreshId"] == first


def refreshes():
    return client.describe_instance_refreshes(AutoScalingGroupName=g)["InstanceRefreshes"]


while refreshes()[0]["Status"] != "Cancelled":
    time.sleep(0.1)
[refresh] = refreshes()
assert refresh["Preferences"]["InstanceWarmup"] == 3600 and refresh["DesiredConfiguration"]["LaunchTemplate"]["Version"] == "2"
second = client.start_instance_refresh(AutoScalingGroupName=g, Preferences=preferences, DesiredConfiguration=desired)["InstanceRefreshId"]
assert client.rollback_instance_refresh(AutoScalingGroupName=g)["InstanceRefreshId"] == second
assert [one["InstanceRefreshId"] for one in refreshes()] == [second, first]

client.put_warm_pool(AutoScalingGroupName=g, MinSize=0, PoolState="Stopped")
assert client.describe_warm_pool(AutoScalingGroupName=g)["WarmPoolConfiguration"]["PoolState"] == "Stopped"
client.delete_warm_pool(AutoScalingGroupName=g, ForceDelete=True)
client.enable_metrics_collection(AutoScalingGroupName=g, Granularity="1Minute")
assert len(group(g)["EnabledMetrics"]) > 8
client.disable_metrics_collection(AutoScalingGroupName=g)
assert client.describe_metric_collection_types()["Metrics"]

vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
target = boto3.client("elbv2", **options).create_target_group(Name="boto3", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
client.attach_load_balancer_target_groups(AutoScalingGroupName=g, TargetGroupARNs=[target])
pages = client.get_paginator("describe_load_balancer_target_groups").paginate(AutoScalingGroupName=g)
assert [one["LoadBalancerTargetGroupARN"] for page in pages for one in page["LoadBalancerTargetGroups"]] == [target]
client.detach_load_balancer_target_groups(AutoScalingGroupName=g, TargetGroupARNs=[target])
while client.describe_load_balancer_target_groups(AutoScalingGroupName=g)["LoadBalancerTargetGroups"]:
    time.sleep(0.1)  # it is removed when its last instance has drained
client.attach_traffic_sources(AutoScalingGroupName=g, TrafficSources=[{"Identifier": target, "Type": "elbv2"}])
client.describe_traffic_sources(AutoScalingGroupName=g)
client.detach_traffic_sources(AutoScalingGroupName=g, TrafficSources=[{"Identifier": target, "Type": "elbv2"}])

assert len(client.describe_adjustment_types()["AdjustmentTypes"]) == 3
assert "Default" in client.describe_termination_policy_types()["TerminationPolicyTypes"]
assert client.describe_account_limits()["NumberOfAutoScalingGroups"] == 1
refused("InvalidAction", "describe_launch_configurations")
refused("InvalidNextToken", "describe_tags", NextToken="x")
client.delete_auto_scaling_group(AutoScalingGroupName=g, ForceDelete=True)
while client.describe_auto_scaling_groups(AutoScalingGroupNames=[g])["AutoScalingGroups"]:
    time.sleep(0.1)
print(" ".join(sorted(called)))
