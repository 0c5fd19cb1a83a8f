/** Node search: the subset of the Chef server's Lucene syntax that node clean-up and people use. */

export class SearchSyntaxError extends Error {}

type Matcher = (fields: ReadonlyMap<string, readonly string[]>) => boolean;

/**
 * Every attribute under its whole path joined with `_` and, as the server indexes it, under its last name alone;
 * so `ec2_instance_id` and `instance_id` both find `ec2.instance_id`.
 */
export function indexedFields(node: Readonly<Record<string, unknown>>): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  const add = (key: string, value: string) => {
    const values = fields.get(key);
    if (values) values.push(value);
    else fields.set(key, [value]);
  };
  const walk = (value: unknown, path: readonly string[]): void => {
    if (Array.isArray(value)) for (const item of value) walk(item, path);
    else if (typeof value === "object" && value !== null) for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
    else if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      add(path.join("_"), String(value));
      if (path.length > 1) add(path.at(-1) ?? "", String(value));
    }
  };
  walk(node["name"], ["name"]);
  walk(node["chef_environment"] ?? "_default", ["chef_environment"]);
  for (const level of ["default", "normal", "override", "automatic"]) walk(node[level] ?? {}, []);
  return fields;
}

/** `key:value` terms with `*` and `?`, quotes and backslashes, joined by OR, AND, NOT and parentheses. */
export function parseQuery(query: string): Matcher {
  const tokens = tokenize(query);
  let at = 0;
  const parseOr = (): Matcher => {
    const parts = [parseAnd()];
    while (tokens[at] === "OR") {
      at++;
      parts.push(parseAnd());
    }
    return (fields) => parts.some((part) => part(fields));
  };
  const parseAnd = (): Matcher => {
    const parts = [parseOne()];
    while (tokens[at] !== undefined && tokens[at] !== "OR" && tokens[at] !== ")") {
      if (tokens[at] === "AND") at++;
      parts.push(parseOne());
    }
    return (fields) => parts.every((part) => part(fields));
  };
  const parseOne = (): Matcher => {
    const token = tokens[at++];
    if (token === "NOT") {
      const inner = parseOne();
      return (fields) => !inner(fields);
    }
    if (token === "(") {
      const inner = parseOr();
      if (tokens[at++] !== ")") throw new SearchSyntaxError("a parenthesis is not closed");
      return inner;
    }
    if (token === undefined || token === ")" || token === "AND" || token === "OR")
      throw new SearchSyntaxError(`a term is missing before ${token ?? "the end"}`);
    return term(token);
  };
  const result = parseOr();
  if (at < tokens.length) throw new SearchSyntaxError(`cannot read from ${tokens[at] ?? ""}`);
  return result;
}

function tokenize(query: string): string[] {
  const found = query.match(/\(|\)|(?:\\.|"(?:\\.|[^"\\])*"|[^\s()"\\])+/g) ?? [];
  if (found.join("").length !== query.replace(/\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/g, "").length)
    throw new SearchSyntaxError("a quote is not closed");
  return found;
}

function term(token: string): Matcher {
  const colon = /(?<!\\):/.exec(token)?.index;
  if (colon === undefined || colon === 0 || colon === token.length - 1) throw new SearchSyntaxError(`${token} is no key:value term`);
  const name = token.slice(0, colon);
  const value = pattern(token.slice(colon + 1));
  if (/^\w+$/.test(name)) return (fields) => fields.get(name)?.some((one) => value.test(one)) ?? false; // without wildcards, as nearly always
  const key = pattern(name);
  return (fields) => [...fields].some(([field, values]) => key.test(field) && values.some((one) => value.test(one)));
}

/** Wildcards outside quotes and not behind a backslash. */
function pattern(text: string): RegExp {
  const quoted = /^"(.*)"$/s.exec(text);
  const source = quoted?.[1] ?? text;
  const parts = source.replace(/\\(.)|([*?])|([\s\S])/g, (_, escaped?: string, wildcard?: string, plain?: string) => {
    if (wildcard !== undefined && !quoted) return wildcard === "*" ? "[\\s\\S]*" : "[\\s\\S]";
    return (escaped ?? wildcard ?? plain ?? "").replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  });
  return new RegExp(`^${parts}$`);
}
