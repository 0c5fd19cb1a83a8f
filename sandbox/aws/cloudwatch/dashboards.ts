/** Dashboards are stored and given back; only what the API checks is checked. */
import { ServiceError } from "../endpoint/errors.ts";
import type { Parameters } from "./parameters.ts";
import { paged } from "./parameters.ts";
import type { Output } from "./protocol.ts";

interface Dashboard {
  readonly body: string;
  readonly modifiedMs: number;
}

const pageSize = 1000;

export class Dashboards {
  readonly #dashboards = new Map<string, Dashboard>();
  readonly #arnOf: (name: string) => string;

  /** Dashboards belong to no region. */
  constructor(accountId: string) {
    this.#arnOf = (name) => `arn:aws:cloudwatch::${accountId}:dashboard/${name}`;
  }

  put(parameters: Parameters, nowMs: number): Output {
    const name = parameters.text("DashboardName", { required: true, minimum: 1, maximum: 255, pattern: /^[A-Za-z0-9_-]+$/ }) ?? "";
    const body = parameters.text("DashboardBody", { required: true, minimum: 1, maximum: 1_000_000 }) ?? "";
    parameters.finish();
    if (!hasWidgets(body)) {
      throw new ServiceError(
        "InvalidParameterInput",
        "The field DashboardBody must be a valid JSON object with a list of widgets",
        400,
        "DashboardInvalidInputError",
      );
    }
    this.#dashboards.set(name, { body, modifiedMs: nowMs });
    return { DashboardValidationMessages: [] };
  }

  get(parameters: Parameters): Output {
    const name = parameters.text("DashboardName", { required: true, minimum: 1 }) ?? "";
    parameters.finish();
    const dashboard = this.#dashboards.get(name);
    if (dashboard === undefined) throw missing(name);
    return { DashboardArn: this.#arnOf(name), DashboardBody: dashboard.body, DashboardName: name };
  }

  list(parameters: Parameters): Output {
    const prefix = parameters.text("DashboardNamePrefix", { maximum: 255 }) ?? "";
    const token = parameters.text("NextToken");
    parameters.finish();
    const found = [...this.#dashboards].filter(([name]) => name.startsWith(prefix)).sort(([one], [other]) => (one < other ? -1 : 1));
    const page = paged(found, token, pageSize);
    return {
      DashboardEntries: page.items.map(([name, { body, modifiedMs }]) => ({
        DashboardName: name,
        DashboardArn: this.#arnOf(name),
        LastModified: new Date(modifiedMs),
        Size: Buffer.byteLength(body),
      })),
      NextToken: page.token,
    };
  }

  /** All or none. */
  delete(parameters: Parameters): Output {
    const names = parameters.texts("DashboardNames", { maximum: 100 });
    parameters.finish();
    for (const name of names) if (!this.#dashboards.has(name)) throw missing(name);
    for (const name of names) this.#dashboards.delete(name);
    return {};
  }
}

const missing = (name: string) => new ServiceError("ResourceNotFound", `Dashboard ${name} does not exist`, 404, "DashboardNotFoundError");

function hasWidgets(body: string): boolean {
  try {
    const parsed = JSON.parse(body) as { readonly widgets?: unknown } | null;
    return Array.isArray(parsed?.widgets);
  } catch {
    return false;
  }
}
