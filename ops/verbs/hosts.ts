/** `ops hosts`: the instances of a stack that are in service, as other programs want them. */
import process from "node:process";
import { InvalidArgumentError, Option, type Command } from "commander";
import { tagKeys } from "../../contract/tags.ts";
import type { AwsSession } from "../account.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { formats, type FormatName } from "../hosts/formats.ts";
import { isInService, runningHosts, stateOf, type Host } from "../hosts/running.ts";
import { guarded } from "../process.ts";
import { describeTags, StackSettings, type Tags } from "../stack-settings.ts";
import { useSandbox } from "../stack.ts";

interface HostsOptions {
  readonly stack: string;
  readonly fleet?: string;
  readonly role?: string;
  readonly format: FormatName;
  readonly user?: string;
  readonly region?: string;
  readonly all: boolean;
  readonly sandbox: boolean;
  readonly iamPolicy: boolean;
}

/** As Linux takes login names; also, nothing that a shell or ssh_config could read as more than a name. */
function loginName(text: string): string {
  if (!/^[a-z_][a-z0-9_.-]{0,31}$/i.test(text)) throw new InvalidArgumentError("It must be a login name such as ec2-user.");
  return text;
}

export function addHosts(program: Command): void {
  program
    .command("hosts")
    .description("instances in service of a stack's fleets, for deploys, ssh, Ansible and Capistrano")
    .requiredOption("--stack <name>", "stack, whose Pulumi.<name>.yaml is read")
    .option("--fleet <name>", "only this fleet")
    .option("--role <name>", "only instances with this role")
    .addOption(new Option("--format <name>", "how they are printed").choices(Object.keys(formats)).default("lines"))
    .addOption(new Option("--json", "the same as --format json").implies({ format: "json" }))
    .addOption(new Option("--user <name>", "login name for ssh-config, ansible and capistrano (default: none)").argParser(loginName))
    .option("--region <name>", "region (default: aws:region of the stack)")
    .option("--all", "also those that run and are not in service: booting, in standby, warm, on their way out, retained", false)
    .option("--sandbox", "the stack in this checkout's sandbox", false)
    .option("--iam-policy", "print the policy that this command needs, and do nothing else", false)
    .addHelpText(
      "after",
      `
Examples:
  npm run -s ops -- hosts --stack staging
  npm run -s ops -- hosts --stack production --role app --format ssh-config --user ec2-user > fleet_ssh_config
  npm run -s ops -- hosts --stack production --format ansible > hosts.json
  npm run -s ops -- hosts --stack production --fleet app --format capistrano --user deploy
  npm run -s ops -- hosts --stack production --all
  npm run -s ops -- hosts --stack staging --iam-policy

Oldest first. lines: instance id, private address, fleet, role, environment, zone, launch time, lifecycle state, with tabs between.
capistrano takes only those in service: a deploy must not go to one that is on its way out.
Needs ec2:DescribeInstances, autoscaling:DescribeAutoScalingInstances, sts:GetCallerIdentity.`,
    )
    .action((options: HostsOptions) => guarded(({ say }) => hosts(options, say)));
}

async function hosts(options: HostsOptions, say: (line: string) => void): Promise<void> {
  if (options.all && options.format === "capistrano")
    throw new OpsError(exitCodes.usage, "--all is not for --format capistrano: a deploy goes to instances in service. Leave --all out.");
  if (options.sandbox) await useSandbox();
  const settings = new StackSettings(options.stack, options.sandbox ? process.env["AWS_REGION"] : options.region);
  if (options.iamPolicy) {
    console.log(JSON.stringify(hostsPolicy(settings.region), undefined, 2));
    return;
  }
  const tags: Tags = {
    ...settings.tags,
    ...(options.fleet === undefined ? {} : { [tagKeys.fleet]: settings.nameOf(settings.chooseFleet(options.fleet)) }),
    ...(options.role === undefined ? {} : { [tagKeys.role]: options.role }),
  };
  const found = await chosen(await settings.open(), tags, options.all, say);
  if (found.length === 0) {
    const which = options.all ? "running instance of a fleet" : "instance in service of a fleet";
    say(`no ${which} in ${settings.region} has ${describeTags(tags)}`);
  }
  const access = { region: settings.region, ...(options.user === undefined ? {} : { user: options.user }) };
  const text = formats[options.format](found, access);
  if (text !== "") console.log(text);
}

/** Those in service, or all that run; says how many were left out, and as what. */
async function chosen(session: AwsSession, tags: Tags, all: boolean, say: (line: string) => void): Promise<readonly Host[]> {
  const running = await runningHosts(session, tags);
  const others = running.filter((host) => !isInService(host));
  if (all || others.length === 0) return running;
  const shown = others.map((host) => `${host.instanceId} (${stateOf(host)})`);
  say(`left out, since not in service (--all lists them): ${shown.join(", ")}`);
  return running.filter(isInService);
}

/**
 * What a role that only lists hosts needs. Neither call takes a resource
 * (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html, list_amazonec2autoscaling.html), so the
 * region is what narrows them; GetCallerIdentity needs no permission.
 */
const hostsPolicy = (region: string) => ({
  Version: "2012-10-17",
  Statement: [
    {
      Sid: "ListHosts",
      Effect: "Allow",
      Action: ["ec2:DescribeInstances", "autoscaling:DescribeAutoScalingInstances"],
      Resource: "*",
      Condition: { StringEquals: { "aws:RequestedRegion": region } },
    },
  ],
});
