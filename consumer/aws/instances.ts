import { EC2Client, paginateDescribeInstances } from "@aws-sdk/client-ec2";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { clientOptions } from "./clients.ts";

/** EC2 takes 200 values in one filter. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html */
const filterLimit = 200;

/**
 * State of each of the instances that EC2 knows. Asked by filter: an id that EC2 does not know is then absent from the
 * answer, while as a parameter it would fail the whole call.
 */
export async function instanceStates(ids: readonly string[]): Promise<Map<string, string>> {
  const client = new EC2Client(clientOptions);
  const states = new Map<string, string>();
  for (let start = 0; start < ids.length; start += filterLimit) {
    const filters = [{ Name: "instance-id", Values: ids.slice(start, start + filterLimit) }];
    for await (const page of paginateDescribeInstances({ client, pageSize: 1_000 }, { Filters: filters })) {
      for (const { Instances: instances = [] } of page.Reservations ?? []) {
        for (const { InstanceId: id, State: state } of instances) if (id !== undefined) states.set(id, state?.Name ?? "unknown");
      }
    }
  }
  return states;
}

export async function callerAccount(): Promise<string> {
  return (await new STSClient(clientOptions).send(new GetCallerIdentityCommand({}))).Account ?? "";
}
