/** Finds images: by tag, or by the id that an SSM parameter holds. */
import { DescribeImagesCommand, EC2Client, type Image } from "@aws-sdk/client-ec2";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import type { Tags } from "../stack-settings.ts";

export async function imagesByTag(session: AwsSession, owner: string, tags: Tags): Promise<readonly Image[]> {
  const client = new EC2Client(session.clientArguments);
  const filters = Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
  const images: Image[] = [];
  let token: string | undefined;
  do {
    const page = await calling(`DescribeImages of owner ${owner}`, () =>
      client.send(new DescribeImagesCommand({ Owners: [owner], Filters: filters, NextToken: token })),
    );
    images.push(...(page.Images ?? []));
    token = page.NextToken;
  } while (token !== undefined && token !== "");
  return images;
}

/** The one image that the parameter names; its value is an image id, as with Amazon's own public parameters. */
export async function imageByParameter(session: AwsSession, owner: string, name: string): Promise<readonly Image[]> {
  const parameter = await calling(`GetParameter of ${name}`, () =>
    new SSMClient(session.clientArguments).send(new GetParameterCommand({ Name: name })),
  );
  const id = parameter.Parameter?.Value?.trim() ?? "";
  if (!/^ami-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) {
    throw new OpsError(
      exitCodes.notExactlyOne,
      `Parameter ${name} holds "${id}", not the id of one image (ami- and 8 or 17 hexadecimal digits).`,
    );
  }
  const client = new EC2Client(session.clientArguments);
  const filter = { Name: "image-id", Values: [id] };
  const found = await calling(`DescribeImages of ${id}`, () =>
    client.send(new DescribeImagesCommand({ Owners: [owner], Filters: [filter], IncludeDeprecated: true })),
  );
  return found.Images ?? [];
}
