import { DescribeTagsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { tagKeys } from "../../contract/tags.ts";
import { clientOptions } from "./clients.ts";

/** Reads the tag that holds an instance's node name; undefined when EC2 knows the instance or the tag no more. */
export function nodeNameTagReader(): (instanceId: string) => Promise<string | undefined> {
  const client = new EC2Client(clientOptions);
  return async (instanceId) => {
    const filters = [
      { Name: "resource-id", Values: [instanceId] },
      { Name: "key", Values: [tagKeys.nodeName] },
    ];
    return (await client.send(new DescribeTagsCommand({ Filters: filters }))).Tags?.[0]?.Value;
  };
}
