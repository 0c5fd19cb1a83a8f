import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { credentialInVariable } from "../facts/secrets.ts";

export const consumerNoSecrets = defineRule({
  id: "consumer-no-secrets",
  title: "A function's environment holds no credentials.",
  why: "Everyone who may describe the function reads its variables, and they stand in the state.",
  severity: "critical",
  level: "mandatory",
  controls: ["checkov:CKV_AWS_45", "checkov:CKV_AWS_173", "prowler:awslambda_function_no_secrets_in_variables"],
  remediation:
    "Pass the name of a secret or parameter, let the function read it with its role, and revoke the credential that was written down.",
  url: "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
  resources: {
    *lambda(lambda): Checking {
      const variables = lambda.at("environment").at("variables");
      if (variables.hidden) yield hidden(variables);
      for (const name of variables.keys()) {
        const value = variables.at(name);
        const found = credentialInVariable(name, value.text() ?? "");
        if (value.hidden) yield hidden(value);
        else if (found !== undefined) yield violation(`${value.path} holds ${found}; pass the name of a secret instead`);
      }
    },
  },
});
