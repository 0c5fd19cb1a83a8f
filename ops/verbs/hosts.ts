/** `ops hosts`: the running instances of a stack, as other programs want them. */
import process from "node:process";
import { InvalidArgumentError, Option, type Command } from "commander";
import { tagKeys } from "../../contract/tags.ts";
import { formats, type FormatName } from "../hosts/formats.ts";
import { runningHosts } from "../hosts/running.ts";
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
    .description("running instances of a stack's fleets, for deploys, ssh, Ansible and Capistrano")
    .requiredOption("--stack <name>", "stack, whose Pulumi.<name>.yaml is read")
    .option("--fleet <name>", "only this fleet")
    .option("--role <name>", "only instances with this role")
    .addOption(new Option("--format <name>", "how they are printed").choices(Object.keys(formats)).default("lines"))
    .addOption(new Option("--json", "the same as --format json").implies({ format: "json" }))
    .addOption(new Option("--user <name>", "login name for ssh-config, ansible and capistrano (default: none)").argParser(loginName))
    .option("--region <name>", "region (default: aws:region of the stack)")
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
  npm run -s ops -- hosts --stack staging --iam-policy

Oldest first. lines: instance id, private address, fleet, role, environment, zone, launch time, with tabs between.
Needs ec2:DescribeInstances, sts:GetCallerIdentity.`,
    )
    .action((options: HostsOptions) => guarded(({ say }) => hosts(options, say)));
}

async function hosts(options: HostsOptions, say: (line: string) => void): Promise<void> {
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
  const found = await runningHosts(await settings.open(), tags);
  if (found.length === 0) say(`no running instance of a fleet in ${settings.region} has ${describeTags(tags)}`);
  const access = { region: settings.region, ...(options.user === undefined ? {} : { user: options.user }) };
  const text = formats[options.format](found, access);
  if (text !== "") console.log(text);
}

/**
 * What a role that only lists hosts needs. DescribeInstances takes no resource
 * (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html), so the region is what narrows it;
 * GetCallerIdentity needs no permission.
 */
const hostsPolicy = (region: string) => ({
  Version: "2012-10-17",
  Statement: [
    {
      Sid: "ListHosts",
      Effect: "Allow",
      Action: ["ec2:DescribeInstances"],
      Resource: "*",
      Condition: { StringEquals: { "aws:RequestedRegion": region } },
    },
  ],
});
