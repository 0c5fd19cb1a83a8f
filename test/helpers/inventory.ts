import { AutoScalingClient, paginateDescribeAutoScalingGroups, paginateDescribePolicies } from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient, paginateDescribeAlarms } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, paginateDescribeLogGroups } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client, paginateDescribeInstances, paginateDescribeLaunchTemplates, paginateDescribeSecurityGroups } from "@aws-sdk/client-ec2";
import { EventBridgeClient, ListRulesCommand } from "@aws-sdk/client-eventbridge";
import { IAMClient, paginateListInstanceProfiles, paginateListRoles } from "@aws-sdk/client-iam";
import { LambdaClient, paginateListFunctions } from "@aws-sdk/client-lambda";
import { paginateListSubscriptions, paginateListTopics, SNSClient } from "@aws-sdk/client-sns";
import { paginateListQueues, SQSClient } from "@aws-sdk/client-sqs";

/** Names of everything that a stack makes and that still stands in the local AWS, by kind. */
export interface Inventory {
  readonly groups: string[];
  readonly policies: string[];
  readonly launchTemplates: string[];
  readonly instances: string[];
  readonly securityGroups: string[];
  readonly alarms: string[];
  readonly topics: string[];
  readonly subscriptions: string[];
  readonly queues: string[];
  readonly roles: string[];
  readonly profiles: string[];
  readonly functions: string[];
  readonly logGroups: string[];
  readonly rules: string[];
}

export const clientOptions = (endpoint: string, region: string) => ({
  endpoint,
  region,
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
});

async function all<Page, Item>(pages: AsyncIterable<Page>, pick: (page: Page) => readonly Item[] | undefined): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...(pick(page) ?? []));
  return items;
}

const names = (values: readonly (string | undefined)[], prefix: string) =>
  values.filter((value) => value?.includes(prefix) === true).sort() as string[];

/** What stands under the prefix; instances count until they are terminated. */
export async function inventory(endpoint: string, region: string, prefix: string): Promise<Inventory> {
  const options = clientOptions(endpoint, region);
  const scaling = { client: new AutoScalingClient(options) };
  const ec2 = { client: new EC2Client(options) };
  const iam = { client: new IAMClient(options) };
  const sns = { client: new SNSClient(options) };
  const reservations = await all(paginateDescribeInstances(ec2, {}), (page) => page.Reservations);
  const instances = reservations
    .flatMap(({ Instances: inside = [] }) => inside)
    .filter(
      ({ State: state, Tags: tags = [] }) => state?.Name !== "terminated" && tags.some(({ Value: value }) => value?.includes(prefix)),
    );
  return {
    groups: names(
      (await all(paginateDescribeAutoScalingGroups(scaling, {}), (page) => page.AutoScalingGroups)).map((one) => one.AutoScalingGroupName),
      prefix,
    ),
    policies: names(
      (await all(paginateDescribePolicies(scaling, {}), (page) => page.ScalingPolicies)).map((one) => one.PolicyName),
      prefix,
    ),
    launchTemplates: names(
      (await all(paginateDescribeLaunchTemplates(ec2, {}), (page) => page.LaunchTemplates)).map((one) => one.LaunchTemplateName),
      prefix,
    ),
    instances: instances.map(({ InstanceId: id }) => id ?? "").sort(),
    securityGroups: names(
      (await all(paginateDescribeSecurityGroups(ec2, {}), (page) => page.SecurityGroups)).map((one) => one.GroupName),
      prefix,
    ),
    alarms: names(
      (await all(paginateDescribeAlarms({ client: new CloudWatchClient(options) }, {}), (page) => page.MetricAlarms)).map(
        (one) => one.AlarmName,
      ),
      prefix,
    ),
    topics: names(
      (await all(paginateListTopics(sns, {}), (page) => page.Topics)).map((one) => one.TopicArn),
      prefix,
    ),
    subscriptions: names(
      (await all(paginateListSubscriptions(sns, {}), (page) => page.Subscriptions)).map((one) => one.TopicArn),
      prefix,
    ),
    queues: names(await all(paginateListQueues({ client: new SQSClient(options) }, {}), (page) => page.QueueUrls), prefix),
    roles: names(
      (await all(paginateListRoles(iam, {}), (page) => page.Roles)).map((one) => one.RoleName),
      prefix,
    ),
    profiles: names(
      (await all(paginateListInstanceProfiles(iam, {}), (page) => page.InstanceProfiles)).map((one) => one.InstanceProfileName),
      prefix,
    ),
    functions: names(
      (await all(paginateListFunctions({ client: new LambdaClient(options) }, {}), (page) => page.Functions)).map(
        (one) => one.FunctionName,
      ),
      prefix,
    ),
    logGroups: names(
      (await all(paginateDescribeLogGroups({ client: new CloudWatchLogsClient(options) }, {}), (page) => page.logGroups)).map(
        (one) => one.logGroupName,
      ),
      prefix,
    ),
    rules: names(
      ((await new EventBridgeClient(options).send(new ListRulesCommand({}))).Rules ?? []).map((one) => one.Name),
      prefix,
    ),
  };
}

/** The kinds of which something is left, with what it is; empty when nothing is. */
export async function leftovers(endpoint: string, region: string, prefix: string): Promise<Partial<Inventory>> {
  const found = await inventory(endpoint, region, prefix);
  return Object.fromEntries(Object.entries(found).filter(([, left]) => (left as string[]).length > 0));
}
