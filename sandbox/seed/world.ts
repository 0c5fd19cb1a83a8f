/** Makes, once each, what settings refer to by id. Everything carries the id that the settings name, so that the next run finds it. */
import { createHash } from "node:crypto";
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateSecurityGroupCommand,
  CreateSnapshotCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeImagesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeSubnetsCommand,
  EC2Client,
  type EC2ClientConfig,
  RegisterImageCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateAliasCommand, CreateKeyCommand, KMSClient, ListAliasesCommand } from "@aws-sdk/client-kms";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { SeedError } from "./override.ts";

export interface AwsPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
}

export interface WantedImage {
  /** Id in the settings. */
  readonly id: string;
  readonly architecture: string;
  /** Tags that the bake would have written, but for the date. */
  readonly tags: Readonly<Record<string, string>>;
  readonly bakedAtTag: string;
}

interface Subnet {
  readonly id: string;
  readonly zone: string;
}

export interface Network {
  readonly vpcId: string;
  /** One per zone, by zone. */
  readonly subnets: readonly Subnet[];
}

/** Root volume of a seeded image: what Amazon's own Linux images have. */
const rootSizeGiB = 8;
/** Size of a seeded snapshot; small, nothing is in it. */
const snapshotSizeGiB = 1;
/** Tag under which a snapshot is found again. */
const originTag = "fleet-sandbox:stands-for";

const hash = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);

const must = <T>(value: T | undefined, what: string): T => {
  if (value === undefined) throw new SeedError(`The local AWS answered without ${what}; its log is .sandbox/aws/log.txt.`);
  return value;
};

export class SeedWorld {
  readonly #place: AwsPlace;
  readonly #clientArguments: EC2ClientConfig;
  readonly #ec2: EC2Client;
  readonly #elb: ElasticLoadBalancingV2Client;
  readonly #kms: KMSClient;
  readonly #sns: SNSClient;
  readonly #cloudWatch: CloudWatchClient;
  readonly #once = new Map<string, Promise<string>>();

  constructor(place: AwsPlace) {
    this.#place = place;
    const args = {
      endpoint: place.endpoint,
      region: place.region,
      credentials: { accessKeyId: "AKIASANDBOXSANDBOX00", secretAccessKey: "sandbox-has-no-secrets-0000000000000000" },
      maxAttempts: 3,
      // The local AWS answers within milliseconds; a call that hangs must not hang the run.
      requestHandler: { connectionTimeout: 2_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
    };
    this.#clientArguments = args;
    this.#ec2 = new EC2Client(args);
    this.#elb = new ElasticLoadBalancingV2Client(args);
    this.#kms = new KMSClient(args);
    this.#sns = new SNSClient(args);
    this.#cloudWatch = new CloudWatchClient(args);
  }

  /** One thing per key, however often and however concurrently it is asked for. */
  #ensure(key: string, make: () => Promise<string>): Promise<string> {
    const known = this.#once.get(key) ?? make();
    this.#once.set(key, known);
    return known;
  }

  async defaultNetwork(): Promise<Network> {
    const { Subnets = [] } = await this.#ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: "default-for-az", Values: ["true"] }] }));
    const subnets = Subnets.map(({ SubnetId: id = "", AvailabilityZone: zone = "" }) => ({ id, zone })).sort((one, other) =>
      one.zone.localeCompare(other.zone),
    );
    return { vpcId: must(Subnets[0]?.VpcId, `a default VPC in ${this.#place.region}`), subnets };
  }

  image(wanted: WantedImage, zone: string): Promise<string> {
    const name = `sandbox-${wanted.id}-${hash([wanted.architecture, wanted.tags])}`;
    return this.#ensure(name, async () => {
      // One that was baked here needs no stand-in.
      const own = await this.#ec2.send(
        new DescribeImagesCommand({ Owners: ["self"], Filters: [{ Name: "image-id", Values: [wanted.id] }] }),
      );
      if (own.Images?.[0] !== undefined) return wanted.id;
      const { Images = [] } = await this.#ec2.send(
        new DescribeImagesCommand({ Owners: ["self"], Filters: [{ Name: "name", Values: [name] }] }),
      );
      return Images[0]?.ImageId ?? this.#register(name, wanted, zone);
    });
  }

  async #register(name: string, { architecture, tags, bakedAtTag }: WantedImage, zone: string): Promise<string> {
    const bakedAt = `${new Date().toISOString().slice(0, 19)}Z`;
    const all = Object.entries({ ...tags, [bakedAtTag]: bakedAt }).map(([Key, Value]) => ({ Key, Value }));
    const registered = await this.#ec2.send(
      new RegisterImageCommand({
        Name: name,
        Architecture: architecture === "arm64" ? "arm64" : "x86_64",
        VirtualizationType: "hvm",
        EnaSupport: true,
        RootDeviceName: "/dev/xvda",
        BlockDeviceMappings: [
          {
            DeviceName: "/dev/xvda",
            Ebs: { SnapshotId: await this.snapshot(name, zone, rootSizeGiB), VolumeSize: rootSizeGiB, VolumeType: "gp3" },
          },
        ],
        TagSpecifications: [{ ResourceType: "image", Tags: all }],
      }),
    );
    return must(registered.ImageId, "an image id");
  }

  snapshot(standsFor: string, zone: string, sizeGiB = snapshotSizeGiB): Promise<string> {
    return this.#ensure(`snapshot ${standsFor}`, async () => {
      const filter = { Name: `tag:${originTag}`, Values: [standsFor] };
      const { Snapshots = [] } = await this.#ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ["self"], Filters: [filter] }));
      if (Snapshots[0]?.SnapshotId !== undefined) return Snapshots[0].SnapshotId;
      const volume = await this.#ec2.send(
        new CreateVolumeCommand({ AvailabilityZone: zone, Size: sizeGiB, VolumeType: "gp3", Encrypted: true }),
      );
      const tags = [{ ResourceType: "snapshot" as const, Tags: [{ Key: originTag, Value: standsFor }] }];
      const made = await this.#ec2.send(new CreateSnapshotCommand({ VolumeId: volume.VolumeId, TagSpecifications: tags }));
      await this.#ec2.send(new DeleteVolumeCommand({ VolumeId: volume.VolumeId }));
      return must(made.SnapshotId, "a snapshot id");
    });
  }

  /** A snapshot that boot finds by its tags; none is made where no tags are named. */
  async taggedSnapshot(wanted: Readonly<Record<string, string>>, zone: string): Promise<void> {
    const filters = Object.entries(wanted).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
    if (filters.length === 0) return;
    await this.#ensure(`snapshot with ${JSON.stringify(wanted)}`, async () => {
      const { Snapshots = [] } = await this.#ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ["self"], Filters: filters }));
      if (Snapshots[0]?.SnapshotId !== undefined) return Snapshots[0].SnapshotId;
      const id = await this.snapshot(`tags ${hash(wanted)}`, zone);
      const tags = Object.entries(wanted).map(([Key, Value]) => ({ Key, Value }));
      await this.#ec2.send(new CreateTagsCommand({ Resources: [id], Tags: tags }));
      return id;
    });
  }

  securityGroup(standsFor: string, vpcId: string): Promise<string> {
    const name = `sandbox-${standsFor.replace(/^sg-/, "")}`; // a group's own name must not begin with "sg-"
    return this.#ensure(name, async () => {
      const { SecurityGroups = [] } = await this.#ec2.send(
        new DescribeSecurityGroupsCommand({
          Filters: [
            { Name: "group-name", Values: [name] },
            { Name: "vpc-id", Values: [vpcId] },
          ],
        }),
      );
      if (SecurityGroups[0]?.GroupId !== undefined) return SecurityGroups[0].GroupId;
      const made = await this.#ec2.send(
        new CreateSecurityGroupCommand({ GroupName: name, Description: `stands for ${standsFor}`, VpcId: vpcId }),
      );
      return must(made.GroupId, "a security group id");
    });
  }

  targetGroup(arn: string, vpcId: string): Promise<string> {
    const name = `sandbox-${hash(arn)}`;
    return this.#ensure(name, async () => {
      const found = await this.#elb.send(new DescribeTargetGroupsCommand({ Names: [name] })).catch(() => undefined); // unknown names are an error
      const known = found?.TargetGroups?.[0]?.TargetGroupArn;
      if (known !== undefined) return known;
      const made = await this.#elb.send(new CreateTargetGroupCommand({ Name: name, Protocol: "HTTP", Port: 80, VpcId: vpcId }));
      return must(made.TargetGroups?.[0]?.TargetGroupArn, "a target group");
    });
  }

  listener(arn: string, network: Network): Promise<string> {
    return this.#ensure(`listener ${arn}`, async () => {
      const balancer = await this.loadBalancer(arn, network);
      const { Listeners = [] } = await this.#elb.send(new DescribeListenersCommand({ LoadBalancerArn: balancer }));
      if (Listeners[0]?.ListenerArn !== undefined) return Listeners[0].ListenerArn;
      const made = await this.#elb.send(
        new CreateListenerCommand({
          LoadBalancerArn: balancer,
          Protocol: "HTTP",
          Port: 80,
          DefaultActions: [{ Type: "fixed-response", FixedResponseConfig: { StatusCode: "404", ContentType: "text/plain" } }],
        }),
      );
      return must(made.Listeners?.[0]?.ListenerArn, "a listener");
    });
  }

  /** The load balancer that stands for that ARN, a listener's or its own. */
  loadBalancer(arn: string, { subnets }: Network): Promise<string> {
    const name = `sandbox-${hash(arn)}`;
    return this.#ensure(`load balancer ${name}`, async () => {
      const found = await this.#elb.send(new DescribeLoadBalancersCommand({ Names: [name] })).catch(() => undefined);
      if (found?.LoadBalancers?.[0]?.LoadBalancerArn !== undefined) return found.LoadBalancers[0].LoadBalancerArn;
      const made = await this.#elb.send(
        new CreateLoadBalancerCommand({ Name: name, Subnets: subnets.map(({ id }) => id), Scheme: "internal" }),
      );
      return must(made.LoadBalancers?.[0]?.LoadBalancerArn, "a load balancer");
    });
  }

  /** One of IAM, which takes any text here; nothing is ever encrypted with it. */
  certificate(arn: string): Promise<string> {
    const name = `sandbox-${hash(arn)}`;
    return this.#ensure(`certificate ${name}`, async () => {
      const { GetServerCertificateCommand, IAMClient, NoSuchEntityException, UploadServerCertificateCommand } =
        await import("@aws-sdk/client-iam");
      const iam = new IAMClient(this.#clientArguments);
      const found = await iam.send(new GetServerCertificateCommand({ ServerCertificateName: name })).catch((error: unknown) => {
        if (error instanceof NoSuchEntityException) return undefined;
        throw error;
      });
      if (found?.ServerCertificate?.ServerCertificateMetadata?.Arn !== undefined)
        return found.ServerCertificate.ServerCertificateMetadata.Arn;
      const text = "stands for a certificate";
      const made = await iam.send(
        new UploadServerCertificateCommand({ ServerCertificateName: name, CertificateBody: text, PrivateKey: text }),
      );
      return must(made.ServerCertificateMetadata?.Arn, "a certificate");
    });
  }

  /** A profile of that name, without a role: nothing runs on the instance that has it. */
  instanceProfile(name: string): Promise<string> {
    return this.#ensure(`instance profile ${name}`, async () => {
      const { CreateInstanceProfileCommand, EntityAlreadyExistsException, IAMClient } = await import("@aws-sdk/client-iam");
      const iam = new IAMClient(this.#clientArguments);
      await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name })).catch((error: unknown) => {
        if (!(error instanceof EntityAlreadyExistsException)) throw error;
      });
      return name;
    });
  }

  key(arn: string): Promise<string> {
    const alias = `alias/sandbox-${hash(arn)}`;
    return this.#ensure(alias, async () => {
      const { Aliases = [] } = await this.#kms.send(new ListAliasesCommand({}));
      const known = Aliases.find(({ AliasName }) => AliasName === alias)?.TargetKeyId;
      if (known !== undefined) return `arn:aws:kms:${this.#place.region}:${this.#place.accountId}:key/${known}`;
      const made = await this.#kms.send(new CreateKeyCommand({ Description: `stands for ${arn}` }));
      await this.#kms.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: must(made.KeyMetadata?.KeyId, "a key") }));
      return must(made.KeyMetadata?.Arn, "a key's ARN");
    });
  }

  topic(arn: string): Promise<string> {
    const name = arn.slice(arn.lastIndexOf(":") + 1);
    return this.#ensure(`topic ${name}`, async () =>
      must((await this.#sns.send(new CreateTopicCommand({ Name: name }))).TopicArn, "a topic"),
    );
  }

  /** An alarm of that name which never fires by itself: its metric has no data. */
  alarm(name: string): Promise<string> {
    return this.#ensure(`alarm ${name}`, async () => {
      const { MetricAlarms = [] } = await this.#cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
      if (MetricAlarms.length > 0) return name;
      await this.#cloudWatch.send(
        new PutMetricAlarmCommand({
          AlarmName: name,
          Namespace: "FleetSandbox",
          MetricName: name,
          Statistic: "Sum",
          Period: 60,
          EvaluationPeriods: 1,
          Threshold: 0,
          ComparisonOperator: "GreaterThanThreshold",
          TreatMissingData: "notBreaching",
        }),
      );
      return name;
    });
  }
}
