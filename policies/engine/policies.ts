/** Turns rules into the policies that @pulumi/policy serves. */
import {
  remediateResourceOfType,
  validateResourceOfType,
  type EnforcementLevel,
  type Policies,
  type PolicyResource,
  type ReportViolation,
  type ResourceRemediation,
  type ResourceValidation,
  type ResourceValidationArgs,
  type StackValidation,
  type StackValidationArgs,
} from "@pulumi/policy";
import type { Resource as PulumiResource } from "@pulumi/pulumi";
import { optionSchema } from "../core/config.ts";
import type { AnyRule } from "../core/rule.ts";
import { Run, type RuleFinding, type RunSettings } from "../core/run.ts";
import { Deployment } from "../model/deployment.ts";
import { kinds, type Kind } from "../model/kinds.ts";
import { Resource, type ResourceFacts } from "../model/resource.ts";
import { apply, plain } from "./properties.ts";
import { Requests } from "./requests.ts";

type ResourceClass = new (name: string, args: Record<string, unknown>) => PulumiResource;

/** Stands for the class of a type: @pulumi/policy only reads its token, and the real one would cost the loading of @pulumi/aws. */
const classOf = (kind: Kind) => ({ __pulumiType: kinds[kind] }) as unknown as ResourceClass;

function factsOfArgs(args: ResourceValidationArgs): ResourceFacts {
  const { urn, type, props, opts } = args;
  return { urn, type, properties: plain(props), parent: opts.parent, ignoreChanges: opts.ignoreChanges };
}

function factsOfResource({ urn, type, props, opts, parent, propertyDependencies }: PolicyResource): ResourceFacts {
  const dependencies = Object.entries(propertyDependencies).map(([key, on]) => [key, on.map((one) => one.urn)] as const);
  return {
    urn,
    type,
    properties: plain(props),
    parent: parent?.urn ?? opts.parent,
    ignoreChanges: opts.ignoreChanges,
    propertyDependencies: Object.fromEntries(dependencies),
  };
}

function reportAll(findings: readonly RuleFinding[], report: ReportViolation): void {
  for (const { message, urn } of findings) report(message, urn);
}

/** One function for all types of a rule; types that it does not look at are reported as not applicable. */
function dispatch<F extends (args: ResourceValidationArgs, report: ReportViolation) => unknown>(
  byType: ReadonlyMap<string, F>,
): F | undefined {
  const [first, second] = byType.values();
  if (first === undefined || second === undefined) return first;
  const refuse = refusal(`Policy only applies to resources of types '${[...byType.keys()].join("', '")}'`);
  return ((args: ResourceValidationArgs, report: ReportViolation) => {
    const own = byType.get(args.type) ?? refuse(args);
    return own(args, report);
  }) as F;
}

/** "Not applicable" is an error to @pulumi/policy, and most resources of a stack get it from most rules: it is made once. */
function refusal(reason: string): (args: ResourceValidationArgs) => never {
  let error: unknown;
  return (args) => {
    try {
      if (error === undefined) args.notApplicable(reason);
    } catch (made) {
      error = made;
    }
    throw error;
  };
}

function validation(rule: AnyRule, run: Run, requests: Requests): ResourceValidation | undefined {
  const check = (_props: unknown, args: ResourceValidationArgs, report: ReportViolation) => {
    reportAll(run.checkResource(rule, new Resource(requests.resource(args) ?? factsOfArgs(args))), report);
  };
  return dispatch(
    new Map((Object.keys(rule.resources) as Kind[]).map((kind) => [kinds[kind], validateResourceOfType(classOf(kind), check)])),
  );
}

function remediation(rule: AnyRule, run: Run): ResourceRemediation | undefined {
  const repair = (_props: unknown, args: ResourceValidationArgs) => {
    const edits = run.repair(rule, new Resource(factsOfArgs(args)));
    const changed = edits.filter((edit) => apply(args.props, edit));
    return changed.length > 0 ? args.props : undefined;
  };
  return dispatch(
    new Map((Object.keys(rule.repairs) as Kind[]).map((kind) => [kinds[kind], remediateResourceOfType(classOf(kind), repair)])),
  );
}

function cappedLevel(rule: AnyRule, cap: "advisory" | "required"): EnforcementLevel {
  return cap === "advisory" && (rule.level === "mandatory" || rule.level === "remediate") ? "advisory" : rule.level;
}

function metadata(rule: AnyRule, cap: "advisory" | "required") {
  const fsbp = rule.controls.find((one) => one.startsWith("fsbp:"));
  return {
    name: rule.id,
    description: rule.title,
    displayName: rule.id,
    severity: rule.severity,
    enforcementLevel: cappedLevel(rule, cap),
    remediationSteps: rule.remediation,
    url: rule.url,
    tags: [...rule.controls],
    configSchema: { properties: Object.fromEntries(Object.entries(rule.options).map(([key, option]) => [key, optionSchema(option)])) },
    ...(fsbp !== undefined && {
      framework: {
        name: "AWS Foundational Security Best Practices",
        version: "1.0.0",
        reference: fsbp.slice("fsbp:".length),
        specification: rule.title,
      },
    }),
  };
}

/** With the type that the rule needs, @pulumi/policy skips it, and the unpacking of all resources, in stacks without such a resource. */
function stackValidation(rule: AnyRule, run: Run, deploymentFor: (args: StackValidationArgs) => Deployment): StackValidation {
  const validate: StackValidation = (args, report) => reportAll(run.checkStack(rule, deploymentFor(args)), report);
  return rule.needs === undefined ? validate : Object.assign(validate, { __pulumiType: kinds[rule.needs] });
}

/** The policies of a pack, in the order of the rules, which share one run; `requests` holds what was read of requests already. */
export function policiesOf(settings: RunSettings, cap: "advisory" | "required", requests = new Requests()): Policies {
  const run = new Run(settings);
  const deploymentFor = (args: StackValidationArgs) => requests.deployment(args) ?? new Deployment(args.resources.map(factsOfResource));
  return settings.rules.map((rule) => {
    const validateResource = validation(rule, run, requests);
    const remediateResource = remediation(rule, run);
    return {
      ...metadata(rule, cap),
      ...(validateResource && { validateResource }),
      ...(remediateResource && { remediateResource }),
      ...(rule.stack && { validateStack: stackValidation(rule, run, deploymentFor) }),
    };
  });
}
