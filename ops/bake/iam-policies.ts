/** What a bake needs: the permissions of whoever runs Packer, and those of the builder. Pure. */
import type { PackerVariables } from "../../contract/bake.ts";

export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface BakePlace {
  readonly region: string;
  readonly accountId: string;
  /** Role of the instance profile. */
  readonly builderRole: string;
  /** Key that encrypts the validator's key; absent = the account's default one. */
  readonly secretKeyArn?: string | undefined;
}

/** The value of the tag `fleet:role` on builders, as packer/locals.pkr.hcl sets it. */
const builderTag = { "ec2:ResourceTag/fleet:role": "image-builder" };

const partitionOf = (region: string) => (region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws");
const text = (variables: PackerVariables, name: string) => String(variables[name] ?? "");
const document = (statements: readonly Statement[]): PolicyDocument => ({ Version: "2012-10-17", Statement: statements });

/** Images and snapshots belong to no account in an ARN. */
function arnsOf({ region, accountId }: BakePlace) {
  const of = (account: string, kind: string) => `arn:${partitionOf(region)}:ec2:${region}:${account}:${kind}`;
  return { of, own: (kind: string) => of(accountId, kind) };
}

/**
 * For the credentials that Packer runs with.
 * https://developer.hashicorp.com/packer/integrations/hashicorp/amazon#iam-task-or-instance-role, less what this template never asks for
 */
export function packerPolicy(variables: PackerVariables, place: BakePlace): PolicyDocument {
  const partition = partitionOf(place.region);
  const { of, own } = arnsOf(place);
  const groups = variables["security_group_ids"];
  return document([
    {
      Sid: "Look",
      Effect: "Allow",
      Action: ["Images", "Instances", "InstanceStatus", "Regions", "SecurityGroups", "Snapshots", "Subnets", "Tags", "Volumes"].map(
        (what) => `ec2:Describe${what}`,
      ),
      Resource: ["*"], // these know no resources
    },
    ...launchStatements(variables, place),
    {
      Sid: "EndTheBuilder",
      Effect: "Allow",
      Action: ["ec2:StopInstances", "ec2:TerminateInstances", "ec2:CreateImage"],
      Resource: [own("instance/*")],
      Condition: { StringEquals: builderTag },
    },
    {
      Sid: "MakeTheImage",
      Effect: "Allow",
      // Deregistering and deleting: what a bake that is cancelled at its end has made.
      Action: ["ec2:CreateImage", "ec2:CreateTags", "ec2:ModifyImageAttribute", "ec2:DeregisterImage", "ec2:DeleteSnapshot"],
      Resource: [of("", "image/*"), of("", "snapshot/*")],
    },
    { Sid: "KeyOfTheBuild", Effect: "Allow", Action: ["ec2:CreateKeyPair", "ec2:DeleteKeyPair"], Resource: [own("key-pair/packer_*")] },
    ...(Array.isArray(groups) && groups.length > 0 ? [] : [temporaryGroup(own)]),
    ...(variables["kms_key"] === undefined ? [] : keyStatements(text(variables, "kms_key"))),
    ...(variables["instance_profile"] === undefined ? [] : profileStatements(text(variables, "instance_profile"), partition, place)),
    ...(variables["ssh_interface"] === "session_manager" ? [sessionStatement(own, partition, place)] : []),
  ]);
}

function launchStatements(variables: PackerVariables, place: BakePlace): Statement[] {
  const { of, own } = arnsOf(place);
  const snapshots = [...(variables["chef_snapshot"] === undefined ? [] : [`${of("", "snapshot/")}${text(variables, "chef_snapshot")}`])];
  const subnet = variables["subnet_id"] === undefined ? own("subnet/*") : own(`subnet/${text(variables, "subnet_id")}`);
  return [
    {
      Sid: "LaunchTheBuilder",
      Effect: "Allow",
      Action: ["ec2:RunInstances"],
      Resource: [
        `${of("", "image/")}${text(variables, "source_image")}`,
        ...snapshots,
        subnet,
        own("network-interface/*"),
        own("security-group/*"),
        own("key-pair/packer_*"),
      ],
    },
    {
      Sid: "LaunchItTagged",
      Effect: "Allow",
      Action: ["ec2:RunInstances"],
      Resource: [own("instance/*"), own("volume/*")],
      Condition: { StringEquals: { "aws:RequestTag/fleet:role": "image-builder" } },
    },
    {
      Sid: "TagAtLaunch",
      Effect: "Allow",
      Action: ["ec2:CreateTags"],
      Resource: [own("instance/*"), own("volume/*")],
      Condition: { StringEquals: { "ec2:CreateAction": "RunInstances" } },
    },
  ];
}

const temporaryGroup = (own: (kind: string) => string): Statement => ({
  Sid: "TemporaryGroup",
  Effect: "Allow",
  Action: ["ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup"],
  Resource: [own("security-group/*"), own("vpc/*")],
});

/** https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html#ebs-encryption-permissions */
const keyStatements = (key: string): Statement[] => [
  {
    Sid: "Encrypt",
    Effect: "Allow",
    Action: ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
    Resource: [key],
  },
  {
    Sid: "LetEbsEncrypt",
    Effect: "Allow",
    Action: ["kms:CreateGrant"],
    Resource: [key],
    Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
  },
];

const profileStatements = (profile: string, partition: string, { accountId, builderRole }: BakePlace): Statement[] => [
  {
    Sid: "LookAtTheProfile",
    Effect: "Allow",
    Action: ["iam:GetInstanceProfile"],
    Resource: [`arn:${partition}:iam::${accountId}:instance-profile/${profile}`],
  },
  {
    Sid: "HandOverItsRole",
    Effect: "Allow",
    Action: ["iam:PassRole"],
    Resource: [`arn:${partition}:iam::${accountId}:role/${builderRole}`],
    Condition: { StringEquals: { "iam:PassedToService": partition === "aws-cn" ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com" } },
  },
];

const sessionStatement = (own: (kind: string) => string, partition: string, { region }: BakePlace): Statement => ({
  Sid: "ReachTheBuilder",
  Effect: "Allow",
  Action: ["ssm:StartSession", "ssm:TerminateSession"],
  Resource: [
    own("instance/*"),
    `arn:${partition}:ssm:${region}::document/AWS-StartPortForwardingSession`,
    `arn:${partition}:ssm:*:*:session/\${aws:username}-*`,
  ],
});

/** For the role of the builder's instance profile; undefined when it needs none. */
export function builderPolicy(variables: PackerVariables, { region, accountId, secretKeyArn }: BakePlace): PolicyDocument | undefined {
  const reference = text(variables, "chef_validator_key");
  const [store, name] = [reference.slice(0, reference.indexOf(":")), reference.slice(reference.indexOf(":") + 1)];
  const arn = (service: string, resource: string) => `arn:${partitionOf(region)}:${service}:${region}:${accountId}:${resource}`;
  const isSsm = store === "ssm";
  const secret: Statement = {
    Sid: "ReadTheValidatorKey",
    Effect: "Allow",
    Action: [isSsm ? "ssm:GetParameter" : "secretsmanager:GetSecretValue"],
    // Secrets Manager puts six characters behind a secret's name.
    Resource: [
      isSsm
        ? arn("ssm", `parameter/${name.replace(/^\//, "")}`)
        : name.startsWith("arn:")
          ? name
          : arn("secretsmanager", `secret:${name}-??????`),
    ],
  };
  const decrypt: Statement[] =
    secretKeyArn === undefined ? [] : [{ Sid: "Decrypt", Effect: "Allow", Action: ["kms:Decrypt"], Resource: [secretKeyArn] }];
  const statements = [
    ...(reference === "" ? [] : [secret, ...decrypt]),
    ...(variables["ssh_interface"] === "session_manager" ? [agentStatement] : []),
  ];
  return statements.length === 0 ? undefined : document(statements);
}

/** https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html */
const agentStatement: Statement = {
  Sid: "SessionManager",
  Effect: "Allow",
  Action: [
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
  ],
  Resource: ["*"], // these know no resources
};
