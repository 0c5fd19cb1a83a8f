import type { BlockDeviceMapping, Image } from "@aws-sdk/client-ec2";
import { tagsOf } from "../codec.ts";
import type { Context } from "../context.ts";
import type { DataSource } from "../data-source.ts";
import type { Properties, Value } from "../../protocol/values.ts";
import { filterInput, filtersOf } from "./filters.ts";

const text = (value: string | number | boolean | undefined): string => (value === undefined ? "" : String(value));

function mapping({ DeviceName, Ebs, NoDevice, VirtualName }: BlockDeviceMapping): Value {
  const ebs = Ebs && {
    delete_on_termination: text(Ebs.DeleteOnTermination ?? false),
    encrypted: text(Ebs.Encrypted ?? false),
    iops: text(Ebs.Iops ?? 0),
    snapshot_id: text(Ebs.SnapshotId),
    throughput: text(Ebs.Throughput ?? 0),
    volume_size: text(Ebs.VolumeSize ?? 0),
    volume_type: text(Ebs.VolumeType),
  };
  return { deviceName: text(DeviceName), ebs: ebs ?? {}, noDevice: text(NoDevice), virtualName: text(VirtualName) };
}

/** The provider's guard against an image that anybody could have put there. */
function refuseUnsafe(args: Properties, context: Context): void {
  const owned = Array.isArray(args["owners"]) && args["owners"].length > 0;
  const bound = filtersOf(args).some(({ Name }) => Name === "image-id" || Name === "owner-id");
  if (args["mostRecent"] !== true || owned || bound) return;
  const reason =
    "mostRecent is true and the results are filtered neither by owner nor by image id, so that a third party could introduce a newer image; add owners, or a filter on image-id or owner-id";
  if (args["allowUnsafeFilter"] !== true) throw new Error(`most recent image not filtered: ${reason}`);
  context.log("warning", reason);
}

function choose(images: readonly Image[], args: Properties): Image {
  const pattern = typeof args["nameRegex"] === "string" ? new RegExp(args["nameRegex"]) : undefined;
  const found = images.filter((image) => pattern === undefined || (image.Name !== undefined && pattern.test(image.Name)));
  const newest = [...found].sort((one, other) => Date.parse(other.CreationDate ?? "") - Date.parse(one.CreationDate ?? ""));
  const [first] = newest;
  if (first === undefined) throw new Error("no image matches; change the search criteria (owners, filters, nameRegex) and try again");
  if (newest.length > 1 && args["mostRecent"] !== true) {
    const ids = newest.map((image) => image.ImageId ?? "").slice(0, 5);
    throw new Error(
      `${newest.length} images match (${ids.join(", ")}${newest.length > ids.length ? ", …" : ""}); use more specific search criteria, or set mostRecent to true`,
    );
  }
  return first;
}

export const dataSource: DataSource = {
  token: "aws:ec2/getAmi:getAmi",
  async read(args, context) {
    // The real provider takes the argument and does not filter by it.
    if (args["tags"] !== undefined)
      throw new Error(
        'tags of getAmi is an output, the provider does not filter by it; use filters: [{ name: "tag:<key>", values: [<value>] }]',
      );
    refuseUnsafe(args, context);
    const found = await context.aws("ec2", "DescribeImages", {
      IncludeDeprecated: args["includeDeprecated"] ?? false,
      ExecutableUsers: args["executableUsers"],
      Owners: args["owners"],
      ...filterInput(filtersOf(args)),
    });
    const image = choose(found.Images ?? [], args);
    const root = image.BlockDeviceMappings?.find((one) => one.DeviceName === image.RootDeviceName);
    return {
      ...described(image),
      includeDeprecated: args["includeDeprecated"] ?? false,
      mostRecent: args["mostRecent"] ?? false,
      arn: `arn:${context.partition}:ec2:${context.region}::image/${image.ImageId ?? ""}`,
      blockDeviceMappings: (image.BlockDeviceMappings ?? []).map(mapping),
      productCodes: (image.ProductCodes ?? []).map((one) => ({
        productCodeId: one.ProductCodeId ?? "",
        productCodeType: one.ProductCodeType ?? "",
      })),
      rootSnapshotId: text(root?.Ebs?.SnapshotId),
      stateReason: { code: image.StateReason?.Code ?? "UNSET", message: image.StateReason?.Message ?? "UNSET" },
      tags: tagsOf(image.Tags),
    };
  },
};

function described(image: Image): Properties {
  return {
    id: text(image.ImageId),
    imageId: text(image.ImageId),
    architecture: text(image.Architecture),
    bootMode: text(image.BootMode),
    creationDate: text(image.CreationDate),
    deprecationTime: text(image.DeprecationTime),
    description: text(image.Description),
    enaSupport: image.EnaSupport ?? false,
    hypervisor: text(image.Hypervisor),
    imageLocation: text(image.ImageLocation),
    imageOwnerAlias: text(image.ImageOwnerAlias),
    imageType: text(image.ImageType),
    imdsSupport: text(image.ImdsSupport),
    kernelId: text(image.KernelId),
    lastLaunchedTime: text(image.LastLaunchedTime),
    name: text(image.Name),
    ownerId: text(image.OwnerId),
    platform: text(image.Platform),
    platformDetails: text(image.PlatformDetails),
    public: image.Public ?? false,
    ramdiskId: text(image.RamdiskId),
    rootDeviceName: text(image.RootDeviceName),
    rootDeviceType: text(image.RootDeviceType),
    sriovNetSupport: text(image.SriovNetSupport),
    state: text(image.State),
    tpmSupport: text(image.TpmSupport),
    usageOperation: text(image.UsageOperation),
    virtualizationType: text(image.VirtualizationType),
  };
}
