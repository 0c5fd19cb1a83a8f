import { bootFailures, bootLogGroup, bootTagKeys } from "../../contract/boot.ts";
import { autonamedPattern, groupName } from "../../contract/naming.ts";
import { tagKeys } from "../../contract/tags.ts";
import type { DataVolume, FleetArgs } from "../fleet-args.ts";
import type { PolicyStatement } from "../policy-document.ts";
import { fleetTags } from "../tags.ts";
import type { ChefArgs, ManagedNodeArgs } from "./args.ts";
import { needsBootScript } from "./values.ts";

interface Place {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
}

/** What a node may do while it boots, and not more: its own fleet's instances and volumes, and what its settings name. */
export function bootStatements(prefix: string, args: FleetArgs, place: Place): PolicyStatement[] {
  if (!needsBootScript(args)) return [];
  return [
    ...reportStatements(prefix, args, place),
    // Only a server asks for a key: a local run reads none, whatever is given.
    ...(args.provisioning === "chef-server" && args.chef !== undefined ? secretStatements(args.chef, place) : []),
    ...volumeStatements(args, place),
    ...(args.managedNode === undefined ? [] : managedStatements(args.managedNode)),
  ];
}

const arn = ({ partition, region, accountId }: Place, service: string, resource: string) =>
  `arn:${partition}:${service}:${region}:${accountId}:${resource}`;

/** Instances and volumes of this fleet; their tags come with the launch, before anything can run on them. */
function ofFleet({ identity }: FleetArgs): Record<string, string> {
  const tags = fleetTags(identity);
  const keys = [tagKeys.product, tagKeys.environment, tagKeys.platform, tagKeys.majorVersion, tagKeys.fleet];
  return Object.fromEntries(keys.map((key) => [`aws:ResourceTag/${key}`, tags[key] ?? ""]));
}

function reportStatements(prefix: string, args: FleetArgs, place: Place): PolicyStatement[] {
  const group = arn(place, "autoscaling", `autoScalingGroup:*:autoScalingGroupName/${autonamedPattern(groupName(prefix))}`);
  return [
    {
      Sid: "OwnTags",
      Effect: "Allow",
      Action: "ec2:CreateTags",
      Resource: arn(place, "ec2", "instance/*"),
      Condition: { StringEquals: ofFleet(args), "ForAllValues:StringEquals": { "aws:TagKeys": bootTagKeys } },
    },
    { Sid: "OwnHealth", Effect: "Allow", Action: "autoscaling:SetInstanceHealth", Resource: group },
    {
      Sid: "BootLog",
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: arn(place, "logs", `log-group:${bootLogGroup(prefix)}:*`),
    },
    {
      Sid: "BootMetric",
      Effect: "Allow",
      Action: "cloudwatch:PutMetricData",
      Resource: "*", // the action knows no resources
      Condition: { StringEquals: { "cloudwatch:namespace": bootFailures.namespace } },
    },
  ];
}

/** The two things that a reference can name; Secrets Manager puts six random characters behind a name. */
function secretArn(reference: string, place: Place): string {
  const name = reference.slice(reference.indexOf(":") + 1);
  if (name.startsWith("arn:")) return name;
  return reference.startsWith("ssm:")
    ? arn(place, "ssm", `parameter/${name.replace(/^\//, "")}`)
    : arn(place, "secretsmanager", `secret:${name}-??????`);
}

function secretStatements(chef: ChefArgs, place: Place): PolicyStatement[] {
  const references = [chef.key, chef.certificateAuthority].filter((one) => one !== undefined);
  const of = (kind: string) => references.filter((one) => one.startsWith(kind)).map((one) => secretArn(one, place));
  const [parameters, secrets] = [of("ssm:"), of("secretsmanager:")];
  return [
    ...(parameters.length === 0 ? [] : [allow("ChefParameters", "ssm:GetParameter", parameters)]),
    ...(secrets.length === 0 ? [] : [allow("ChefSecrets", "secretsmanager:GetSecretValue", secrets)]),
    ...(chef.kmsKeyArn === undefined ? [] : [allow("ChefKeys", "kms:Decrypt", [chef.kmsKeyArn])]),
  ];
}

const allow = (Sid: string, Action: string | readonly string[], Resource: string | readonly string[]): PolicyStatement => ({
  Sid,
  Effect: "Allow",
  Action,
  Resource,
});

const attachedAtBoot = (volumes: readonly DataVolume[]) => volumes.filter(({ attach }) => attach === "boot");

function volumeStatements(args: FleetArgs, place: Place): PolicyStatement[] {
  const listed = allow("ListVolumes", "ec2:DescribeVolumes", "*"); // listing knows no resources
  const made = attachedAtBoot(args.volumes);
  if (made.length === 0) return args.volumes.some(({ mountPoint }) => mountPoint !== undefined) ? [listed] : [];
  const { partition, region } = place;
  const volumes = arn(place, "ec2", "volume/*");
  const requested = Object.fromEntries(
    Object.entries(ofFleet(args)).map(([key, value]) => [key.replace("ResourceTag", "RequestTag"), value]),
  );
  const keys = made.flatMap(({ kmsKeyArn }) => kmsKeyArn ?? []);
  return [
    listed,
    allow("ListSnapshots", "ec2:DescribeSnapshots", "*"),
    { ...allow("MakeVolumes", "ec2:CreateVolume", volumes), Condition: { StringEquals: requested } },
    ...made.map(({ snapshotTags = {} }, index): PolicyStatement => ({
      // A snapshot's ARN has no account in it.
      ...allow(`FromSnapshots${index + 1}`, "ec2:CreateVolume", `arn:${partition}:ec2:${region}::snapshot/*`),
      Condition: {
        StringEquals: Object.fromEntries(Object.entries(snapshotTags).map(([key, value]) => [`aws:ResourceTag/${key}`, value])),
      },
    })),
    { ...allow("TagNewVolumes", "ec2:CreateTags", volumes), Condition: { StringEquals: { "ec2:CreateAction": "CreateVolume" } } },
    {
      ...allow("OwnVolumes", ["ec2:AttachVolume", "ec2:DetachVolume", "ec2:DeleteVolume"], volumes),
      Condition: { StringEquals: ofFleet(args) },
    },
    {
      ...allow("OwnInstances", ["ec2:AttachVolume", "ec2:DetachVolume", "ec2:ModifyInstanceAttribute"], arn(place, "ec2", "instance/*")),
      Condition: { StringEquals: ofFleet(args) },
    },
    ...(keys.length === 0
      ? []
      : [
          allow(
            "VolumeKeys",
            ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"],
            keys,
          ),
        ]),
  ];
}

/**
 * What the agent needs to register and to run associations, and boot to wait for both. The actions know no resources that
 * could be named here. https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSSMManagedInstanceCore.html
 */
function managedStatements({ source }: ManagedNodeArgs): PolicyStatement[] {
  const agent = [
    ...["DescribeAssociation", "DescribeDocument", "GetDeployablePatchSnapshotForInstance", "GetDocument", "GetManifest"],
    ...["ListAssociations", "ListInstanceAssociations", "PutComplianceItems", "PutConfigurePackageResult", "PutInventory"],
    ...["UpdateAssociationStatus", "UpdateInstanceAssociationStatus"],
  ].map((action) => `ssm:${action}`);
  const messages = ["AcknowledgeMessage", "DeleteMessage", "FailMessage", "GetEndpoint", "GetMessages", "SendReply"];
  return [
    allow("ManagedNode", [...agent, ...messages.map((action) => `ec2messages:${action}`)], "*"),
    allow("WaitForManagedNode", ["ssm:DescribeInstanceAssociationsStatus", "ssm:DescribeInstanceInformation"], "*"),
    ...(source.objectArns.length === 0 ? [] : [allow("Cookbooks", "s3:GetObject", source.objectArns)]),
  ];
}
