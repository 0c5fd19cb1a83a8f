/** IAM policy documents as the provider writes them: sets sorted backwards, single values as text, no empty members. */

export interface Principal {
  readonly type: string;
  readonly identifiers: readonly string[];
}
export interface Condition {
  readonly test: string;
  readonly variable: string;
  readonly values: readonly string[];
}
export interface StatementInput {
  readonly sid?: string;
  readonly effect?: string;
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
  readonly resources?: readonly string[];
  readonly notResources?: readonly string[];
  readonly principals?: readonly Principal[];
  readonly notPrincipals?: readonly Principal[];
  readonly conditions?: readonly Condition[];
}

type Texts = string | readonly string[];
/** In the order in which the provider writes the members. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect?: string;
  readonly Action?: Texts;
  readonly NotAction?: Texts;
  readonly Resource?: Texts;
  readonly NotResource?: Texts;
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Condition?: unknown;
}
export interface Document {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement?: readonly Statement[];
}

/** `&{aws:username}` stands for IAM's own `${aws:username}`. */
function withVariables(text: string, version: string): string {
  if (version === "2008-10-17" && text.includes("&{"))
    throw new Error(`found a "&{" sequence in ${JSON.stringify(text)}, which is not supported in document version 2008-10-17`);
  return text.replaceAll("&{", "${");
}

function texts(values: readonly string[] | undefined, convert: (text: string) => string): Texts | undefined {
  if (values === undefined || values.length === 0) return undefined;
  const sorted = [...new Set(values)].sort().reverse().map(convert);
  return sorted.length === 1 ? sorted[0] : sorted;
}

function principals(given: readonly Principal[] | undefined, convert: (text: string) => string): unknown {
  if (given === undefined || given.length === 0) return undefined;
  const [first] = given;
  if (given.length === 1 && first?.type === "*" && first.identifiers.length === 1 && first.identifiers[0] === "*") return "*";
  const result: Record<string, Texts> = {};
  for (const { type, identifiers } of given) {
    const before = result[type];
    const all = [...(before === undefined ? [] : typeof before === "string" ? [before] : before), ...identifiers];
    result[type] = texts(all, convert) ?? [];
  }
  return sorted(result);
}

const sorted = <T>(object: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1)));

function conditions(given: readonly Condition[] | undefined, convert: (text: string) => string): unknown {
  if (given === undefined || given.length === 0) return undefined;
  const result: Record<string, Record<string, Texts>> = {};
  for (const { test, variable, values } of given) {
    const all = values.map(convert);
    const single = all.length === 1 ? (all[0] ?? "") : all;
    const before = result[test]?.[variable];
    const merged = before === undefined ? single : [...(typeof before === "string" ? [before] : before), ...all];
    result[test] = { ...result[test], [variable]: merged };
  }
  return sorted(Object.fromEntries(Object.entries(result).map(([test, variables]) => [test, sorted(variables)])));
}

export function statement(input: StatementInput, version: string): Statement {
  const convert = (text: string) => withVariables(text, version);
  const members = {
    Sid: input.sid === "" ? undefined : input.sid,
    Effect: input.effect ?? "Allow",
    Action: texts(input.actions, (text) => text),
    NotAction: texts(input.notActions, (text) => text),
    Resource: texts(input.resources, convert),
    NotResource: texts(input.notResources, convert),
    Principal: principals(input.principals, convert),
    NotPrincipal: principals(input.notPrincipals, convert),
    Condition: conditions(input.conditions, convert),
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** `next` over `base`: a statement with a known Sid replaces the one before it, the others are added. */
export function merged(base: Document, next: Document): Document {
  const statements = [...(base.Statement ?? [])];
  for (const one of next.Statement ?? []) {
    const index = one.Sid === undefined ? -1 : statements.findIndex((other) => other.Sid === one.Sid);
    if (index < 0) statements.push(one);
    else statements[index] = one;
  }
  const Version = next.Version ?? base.Version;
  const Id = next.Id ?? base.Id;
  return {
    ...(Version === undefined ? {} : { Version }),
    ...(Id === undefined ? {} : { Id }),
    ...(statements.length > 0 ? { Statement: statements } : {}),
  };
}

export function parseDocument(text: string, what: string): Document {
  let parsed: Document;
  try {
    parsed = JSON.parse(text) as Document;
  } catch (error) {
    throw new Error(`${what} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const statements: unknown = parsed.Statement ?? [];
  return { ...parsed, Statement: (Array.isArray(statements) ? statements : [statements]) as Statement[] };
}

/** Throws when a Sid stands twice. */
export function refuseDuplicates(statements: readonly Statement[], what: string): void {
  const seen = new Set<string>();
  for (const { Sid } of statements) {
    if (Sid === undefined || Sid === "") continue;
    if (seen.has(Sid)) throw new Error(`duplicate Sid ${JSON.stringify(Sid)} in ${what}; remove the Sid or make it unique`);
    seen.add(Sid);
  }
}
