import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { credentialsIn, decodedUserData } from "../facts/secrets.ts";
import type { Value } from "../model/value.ts";

function* check(userData: Value, decode: (text: string) => string): Checking {
  if (userData.hidden) yield hidden(userData);
  const text = userData.text();
  if (text === undefined) return;
  for (const { what, line } of credentialsIn(decode(text)))
    yield violation(
      `line ${line} of ${userData.path} holds ${what}; pass the name of a parameter or secret, and let the instance read it with its role`,
    );
}

const base64 = /^[A-Za-z0-9+/\s]+=*\s*$/;
/** A launch configuration takes user data plain; text that is wholly base64 is decoded to be sure. */
const plainOrEncoded = (text: string) => (base64.test(text) ? `${text}\n${decodedUserData(text)}` : text);

export const templateNoSecrets = defineRule({
  id: "template-no-secrets",
  title: "User data holds no credentials.",
  why: "Everyone who may describe the template, and every process on the instance, can read its user data.",
  severity: "critical",
  level: "mandatory",
  controls: ["checkov:CKV_AWS_46", "trivy:AWS-0129", "prowler:ec2_launch_template_no_secrets"],
  remediation: "Keep the credential in Secrets Manager or Parameter Store, pass its name, and revoke the one that was written down.",
  url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html",
  resources: {
    launchTemplate: (template) => check(template.at("userData"), decodedUserData),
    *launchConfiguration(configuration): Checking {
      yield* check(configuration.at("userData"), plainOrEncoded);
      yield* check(configuration.at("userDataBase64"), decodedUserData);
    },
  },
});
