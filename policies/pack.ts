/** The pack as Pulumi runs it. Importing this file starts a server; everything else in this folder has no side effects. */
import { realpathSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import "./engine/load-late.ts"; // before the SDK
import { PolicyPack } from "@pulumi/policy";
import { Answers } from "./engine/answers.ts";
import { policiesOf } from "./engine/policies.ts";
import { Requests } from "./engine/requests.ts";
import { runSettings } from "./engine/run-settings.ts";
import { observeSettings, stackLevel } from "./engine/settings.ts";
import { exemptions } from "./exemptions.ts";
import { rules } from "./rules.ts";

// @pulumi/policy reads the version of the pack from the package.json of the working directory.
if (realpathSync(process.cwd()) !== realpathSync(import.meta.dirname)) {
  console.error(`The policy pack was started in ${process.cwd()}; start it in its own folder, ${import.meta.dirname}, as Pulumi does.`);
  process.exit(1);
}

// V8 would let its space for new objects grow with the stream of requests, to 310 MiB after 3,000 resources; kept small, the
// pack stays near 180 MiB and takes no more processor time (measured on Node 24).
setFlagsFromString("--semi-space-growth-factor=1");

const settings = observeSettings();
new Answers().observe();
const requests = new Requests();
requests.observe(() => settings.remediating || rules.some(({ level }) => level === "remediate"));

new PolicyPack("fleet", {
  displayName: "Fleet",
  provider: "aws",
  tags: ["aws", "autoscaling", "ec2", "sns", "sqs"],
  policies: policiesOf(
    runSettings({ rules, exemptions, configured: () => settings.configured, stack: process.env["PULUMI_NODEJS_STACK"] }),
    stackLevel(process.env),
    requests,
  ),
});
