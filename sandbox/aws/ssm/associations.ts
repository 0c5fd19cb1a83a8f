/**
 * State Manager associations: which document runs on which nodes, and what the nodes' agents said of it.
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateAssociation.html
 */
import { randomUUID } from "node:crypto";
import { ServiceError } from "../endpoint/errors.ts";

export type Input = Readonly<Record<string, unknown>>;

export interface Target {
  /** `InstanceIds` or `tag:<key>`. */
  readonly Key: string;
  readonly Values: readonly string[];
}

interface Association {
  readonly id: string;
  readonly version: number;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly settings: Input;
  readonly tags: ReadonlyMap<string, string>;
  /** Last result by instance: `Success`, `Failed`, `InProgress` … */
  readonly results: ReadonlyMap<string, string>;
}

/** What a call may set; the rest of a call is not kept. */
const settingNames = [
  ...["Name", "AssociationName", "DocumentVersion", "Parameters", "Targets", "ScheduleExpression", "ScheduleOffset", "OutputLocation"],
  ...["MaxErrors", "MaxConcurrency", "ComplianceSeverity", "SyncCompliance", "ApplyOnlyAtCronInterval", "CalendarNames"],
  ...["AutomationTargetParameterName"],
];
const mostTargets = 5;
const namePattern = /^[a-zA-Z0-9_\-.]{3,128}$/;

const missing = (id: string) => new ServiceError("AssociationDoesNotExist", `The association ${id} does not exist.`);

export class Associations {
  readonly #byId = new Map<string, Association>();

  /** Throws ServiceError for faulty settings. The document has been looked up. */
  create(input: Input, nowMs: number): Input {
    const settings = readSettings(input);
    const tags = new Map(pairs(input["Tags"]));
    const association = {
      id: randomUUID(),
      version: 1,
      createdMs: nowMs,
      updatedMs: nowMs,
      settings,
      tags,
      results: new Map<string, string>(),
    };
    this.#byId.set(association.id, association);
    return { AssociationDescription: describe(association) };
  }

  /** A new version: what the call does not name is forgotten, but for the document's name. */
  update(input: Input, nowMs: number): Input {
    const before = this.#find(input);
    const settings = readSettings({ Name: before.settings["Name"], ...input });
    const after = { ...before, version: before.version + 1, updatedMs: nowMs, settings, results: new Map<string, string>() };
    this.#byId.set(before.id, after);
    return { AssociationDescription: describe(after) };
  }

  describe(input: Input): Input {
    return { AssociationDescription: describe(this.#find(input)) };
  }

  delete(input: Input): Input {
    this.#byId.delete(this.#find(input).id);
    return {};
  }

  list(input: Input): Input {
    const filters = (input["AssociationFilterList"] ?? []) as readonly { readonly key: string; readonly value: string }[];
    const found = [...this.#byId.values()].filter((association) => filters.every((filter) => passes(association, filter)));
    return { Associations: found.map(summary) };
  }

  /** For an agent: the associations whose targets have the instance. */
  forInstance(instanceId: string, tags: Readonly<Record<string, string>>): Input {
    const found = [...this.#byId.values()].filter(({ settings }) => isTargeted(targetsOf(settings), instanceId, tags));
    return {
      Associations: found.map((association) => ({
        ...{ AssociationId: association.id, InstanceId: instanceId, AssociationVersion: String(association.version) },
        ...{ Name: association.settings["Name"], DocumentVersion: association.settings["DocumentVersion"] ?? "$DEFAULT" },
        Parameters: association.settings["Parameters"] ?? {},
      })),
    };
  }

  /** From an agent: how its run ended. */
  report(id: string, instanceId: string, status: string): Input {
    const association = this.#find({ AssociationId: id });
    this.#byId.set(id, { ...association, results: new Map([...association.results, [instanceId, status]]) });
    return {};
  }

  statusOf(instanceId: string): Input {
    const found = [...this.#byId.values()].flatMap((association) => {
      const status = association.results.get(instanceId);
      return status === undefined
        ? []
        : [{ AssociationId: association.id, ...names(association), InstanceId: instanceId, Status: status, DetailedStatus: status }];
    });
    return { InstanceAssociationStatusInfos: found };
  }

  tags(id: string): Input {
    return { TagList: [...this.#find({ AssociationId: id }).tags].map(([Key, Value]) => ({ Key, Value })) };
  }

  tag(id: string, added: unknown, removedKeys: unknown): Input {
    const association = this.#find({ AssociationId: id });
    const tags = new Map([...association.tags, ...pairs(added)]);
    for (const key of Array.isArray(removedKeys) ? (removedKeys as string[]) : []) tags.delete(key);
    this.#byId.set(id, { ...association, tags });
    return {};
  }

  #find(input: Input): Association {
    const { AssociationId: id } = input;
    const found = typeof id === "string" ? this.#byId.get(id) : undefined;
    if (found === undefined) throw missing(typeof id === "string" ? id : `of ${JSON.stringify(input["Name"])}`);
    return found;
  }
}

const names = ({ settings }: Association) => ({ Name: settings["Name"], AssociationName: settings["AssociationName"] });

export function isTargeted(targets: readonly Target[], instanceId: string, tags: Readonly<Record<string, string>>): boolean {
  if (targets.length === 0) return false;
  return targets.every(({ Key, Values }) => {
    if (Key === "InstanceIds") return Values.includes(instanceId) || Values.includes("*");
    const value = tags[Key.slice("tag:".length)];
    return value !== undefined && (Values.length === 0 || Values.includes(value));
  });
}

const targetsOf = (settings: Input) => (settings["Targets"] ?? []) as readonly Target[];

const pairs = (tags: unknown): (readonly [string, string])[] =>
  Array.isArray(tags) ? (tags as readonly { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value] as const) : [];

function readSettings(input: Input): Input {
  const settings = Object.fromEntries(
    settingNames.flatMap((name) => (input[name] === undefined || input[name] === null ? [] : [[name, input[name]]])),
  );
  const { AssociationName: name } = settings;
  if (name !== undefined && (typeof name !== "string" || !namePattern.test(name))) {
    throw new ServiceError(
      "ValidationException",
      `1 validation error detected: Value '${JSON.stringify(name)}' at 'associationName' failed to satisfy constraint: Member must satisfy regular expression pattern: ${namePattern.source}`,
    );
  }
  // The older form names one instance beside the targets.
  const targets = typeof input["InstanceId"] === "string" ? [{ Key: "InstanceIds", Values: [input["InstanceId"]] }] : targetsOf(settings);
  if (targets.length > mostTargets)
    throw new ServiceError("InvalidTarget", `${targets.length} targets are given; ${mostTargets} are allowed.`);
  const unknown = targets.find(({ Key }) => Key !== "InstanceIds" && !Key.startsWith("tag:"));
  if (unknown !== undefined)
    throw new ServiceError("InvalidTarget", `The target key ${unknown.Key} is not supported here; InstanceIds and tag:<key> are.`);
  return { ...settings, Targets: targets };
}

function passes(association: Association, { key, value }: { readonly key: string; readonly value: string }): boolean {
  const { settings } = association;
  switch (key) {
    case "Name":
      return settings["Name"] === value;
    case "AssociationName":
      return settings["AssociationName"] === value;
    case "AssociationId":
      return association.id === value;
    case "InstanceId":
      return targetsOf(settings).some(({ Key, Values }) => Key === "InstanceIds" && Values.includes(value));
    default:
      throw new ServiceError(
        "InvalidFilterKey",
        `The filter ${key} is not supported here; Name, AssociationName, AssociationId and InstanceId are.`,
      );
  }
}

/** One failed run fails the association; it succeeds when every node that reported has succeeded. */
function overview({ results }: Association) {
  const counts: Record<string, number> = {};
  for (const status of results.values()) counts[status] = (counts[status] ?? 0) + 1;
  const all = [...results.values()];
  const Status =
    all.length === 0
      ? "Pending"
      : all.includes("Failed")
        ? "Failed"
        : all.every((status) => status === "Success")
          ? "Success"
          : "InProgress";
  return { Status, DetailedStatus: Status, AssociationStatusAggregatedCount: counts };
}

function describe(association: Association): Input {
  return {
    ...association.settings,
    DocumentVersion: association.settings["DocumentVersion"] ?? "$DEFAULT",
    AssociationId: association.id,
    AssociationVersion: String(association.version),
    Date: association.createdMs / 1000,
    LastUpdateAssociationDate: association.updatedMs / 1000,
    Overview: overview(association),
  };
}

function summary(association: Association): Input {
  const { settings } = association;
  return {
    ...{ Name: settings["Name"], AssociationName: settings["AssociationName"], Targets: settings["Targets"] },
    ...{
      AssociationId: association.id,
      AssociationVersion: String(association.version),
      DocumentVersion: settings["DocumentVersion"] ?? "$DEFAULT",
    },
    ...{ ScheduleExpression: settings["ScheduleExpression"], Overview: overview(association) },
  };
}
