import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";

/** Runtimes and the day on which they are deprecated. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html */
const deprecations: Readonly<Record<string, string>> = {
  "dotnet5.0": "2022-05-10",
  dotnet6: "2024-12-20",
  dotnet7: "2024-05-14",
  dotnet8: "2026-11-10",
  "dotnetcore1.0": "2019-06-27",
  "dotnetcore2.0": "2019-05-30",
  "dotnetcore2.1": "2022-01-05",
  "dotnetcore3.1": "2023-04-03",
  "go1.x": "2024-01-08",
  java8: "2024-01-08",
  nodejs: "2016-10-31",
  "nodejs4.3": "2020-03-05",
  "nodejs4.3-edge": "2020-03-05",
  "nodejs6.10": "2019-08-12",
  "nodejs8.10": "2020-03-06",
  "nodejs10.x": "2021-07-30",
  "nodejs12.x": "2023-03-31",
  "nodejs14.x": "2023-12-04",
  "nodejs16.x": "2024-06-12",
  "nodejs18.x": "2025-09-01",
  "nodejs20.x": "2026-04-30",
  provided: "2024-01-08",
  "provided.al2": "2026-07-31",
  "python2.7": "2021-07-15",
  "python3.6": "2022-07-18",
  "python3.7": "2023-12-04",
  "python3.8": "2024-10-14",
  "python3.9": "2025-12-15",
  "python3.10": "2026-10-31",
  "ruby2.5": "2021-07-30",
  "ruby2.7": "2023-12-07",
  "ruby3.2": "2026-03-31",
};

export const consumerRuntime = defineRule({
  id: "consumer-runtime",
  title: "Functions run on a supported runtime.",
  why: "A deprecated runtime gets no security updates, and after a while its functions can no longer be changed.",
  severity: "medium",
  level: "mandatory",
  controls: ["fsbp:Lambda.2", "checkov:CKV_AWS_363", "cdk-nag:L1", "prowler:awslambda_function_using_supported_runtimes"],
  remediation: "Move the function to a newer runtime of its language.",
  url: "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
  resources: {
    *lambda(lambda, { now }): Checking {
      const runtime = lambda.at("runtime");
      if (runtime.hidden) return yield hidden(runtime);
      const day = deprecations[runtime.text() ?? ""];
      if (day !== undefined && now >= Date.parse(day))
        yield violation(`${runtime.describe()}, deprecated since ${day}; choose a newer one`);
    },
  },
});
