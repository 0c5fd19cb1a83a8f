/** Pulumi's AWS provider, as far as this project needs it, over a local AWS. */
import type { Provider, Resource } from "../protocol/provider.ts";
import { hasUnknown } from "../protocol/values.ts";
import { checkAccount, configFailures, configurationFrom } from "./config.ts";
import type { Configuration } from "./config.ts";
import { invoke } from "./data-source.ts";
import { functionFiles, resourceFiles } from "./registry.ts";
import { AwsResource } from "./resource.ts";
import { Deadline } from "./wait.ts";

/** The version of @pulumi/aws whose properties are served. */
const version = "7.48.0";
/** How long the check of the account may take, in seconds. */
const accountCheckSeconds = 60;

const unknownType = (what: string, token: string, known: readonly string[]): Error =>
  new Error(`the sandbox's AWS provider does not know the ${what} ${token}; it knows\n  ${[...known].sort().join("\n  ")}`);

/** `environment` gives the endpoint, and region and access key when the configuration does not. */
export function awsProvider(environment: NodeJS.ProcessEnv): Provider {
  let configuration: Configuration | undefined;
  const configured = (): Configuration => {
    if (configuration === undefined) throw new Error("the provider was not configured before its first use");
    return configuration;
  };
  const resources = new Map<string, Promise<Resource>>();
  return {
    name: "aws",
    version,
    resources: Object.keys(resourceFiles),
    functions: Object.keys(functionFiles),
    checkConfig: (inputs) => ({ inputs, failures: configFailures(inputs) }),
    async configure(inputs) {
      configuration = configurationFrom(inputs, environment);
      const { signal } = new AbortController();
      if (!hasUnknown(inputs)) await checkAccount(inputs, configuration, new Deadline(accountCheckSeconds, { signal, lost: signal }));
    },
    resource(token) {
      const file = resourceFiles[token];
      if (file === undefined) return Promise.reject(unknownType("resource type", token, Object.keys(resourceFiles)));
      const made = resources.get(token) ?? file().then(({ definition }) => new AwsResource(definition, configured));
      resources.set(token, made);
      return made;
    },
    async invoke(token, args, call) {
      const file = functionFiles[token];
      if (file === undefined) throw unknownType("function", token, Object.keys(functionFiles));
      return invoke((await file()).dataSource, args, configured(), call);
    },
  };
}
