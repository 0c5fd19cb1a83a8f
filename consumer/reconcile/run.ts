import { ChefError } from "../chef/errors.ts";
import type { ChefApi } from "../chef/client.ts";
import { inParallel } from "../pool.ts";
import { instancesOf, planReconcile, type Orphan, type ReconcileOptions, type ReconcilePlan } from "./plan.ts";

export interface ReconcileDependencies {
  readonly chef: ChefApi;
  /** States of those of the instances that EC2 knows; throws when EC2 did not answer for all of them. */
  readonly instanceStates: (ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  /** Account that our credentials belong to. */
  readonly callerAccount: () => Promise<string>;
  readonly now: () => number;
}

export interface ReconcileReport extends ReconcilePlan {
  readonly dryRun: boolean;
  readonly nodes: number;
  readonly clients: number;
  readonly deleted: readonly string[];
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
}

/** Deletions under way at the same time: a nightly sweep has time, the Chef server has other work. */
const deletionsAtOnce = 4;

/**
 * Finds nodes and clients whose instance is gone, and deletes them unless it is a dry run.
 * @throws Error when credentials belong to another account, or anything that decides could not be read.
 */
export async function reconcile(
  options: ReconcileOptions & { readonly dryRun: boolean },
  deps: ReconcileDependencies,
): Promise<ReconcileReport> {
  const account = await deps.callerAccount();
  if (account !== options.accountId)
    throw new Error(
      `the credentials belong to account ${account}, the stack to ${options.accountId}: nothing was looked at; use the stack's credentials`,
    );
  // The list before the index: a node that goes in between is then missing in the index and stops the run, instead of the reverse.
  const [nodeNames, clientNames] = [await deps.chef.listNodes(), await deps.chef.listClients()];
  const indexed = await deps.chef.searchAllNodes();
  const instanceStates = await deps.instanceStates(instancesOf({ indexed, clientNames }, options));
  const plan = planReconcile({ indexed, nodeNames, clientNames, instanceStates, nowSeconds: deps.now() / 1000 }, options);
  const deleted: string[] = [];
  const failed: { name: string; reason: string }[] = [];
  if (!options.dryRun && plan.refused === undefined) {
    await inParallel(plan.orphans, deletionsAtOnce, async (orphan) => {
      const reason = await remove(orphan, deps.chef);
      if (reason === undefined) deleted.push(orphan.name);
      else failed.push({ name: orphan.name, reason });
    });
  }
  return { ...plan, dryRun: options.dryRun, nodes: nodeNames.length, clients: clientNames.length, deleted: deleted.sort(), failed };
}

/** Undefined when it is gone; one that fails does not stop the others. */
async function remove(orphan: Orphan, chef: ChefApi): Promise<string | undefined> {
  try {
    const client = await chef.client(orphan.name);
    if (client?.validator === true || client?.admin === true) return "its client is a validator or an administrator";
    if (orphan.node) await chef.deleteNode(orphan.name);
    if (client !== undefined) await chef.deleteClient(orphan.name);
    return undefined;
  } catch (error) {
    if (error instanceof ChefError) return error.message;
    throw error;
  }
}

/** A table for a terminal; JSON is the report itself. */
export function reportText(report: ReconcileReport): string {
  const verb = report.dryRun || report.refused !== undefined ? "would go" : "gone";
  const rows = report.orphans.map(({ name, instanceId, node, client, reason }) => {
    const failure = report.failed.find((one) => one.name === name);
    const what = [node ? "node" : "", client ? "client" : ""].filter((part) => part !== "").join(" + ");
    return [name, instanceId, what, failure === undefined ? verb : `failed: ${failure.reason}`, reason];
  });
  const table = [["NAME", "INSTANCE", "OBJECTS", "STATE", "REASON"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines =
    rows.length === 0
      ? []
      : table.map((row) =>
          row
            .map((cell, column) => cell.padEnd(widths[column] ?? 0))
            .join("  ")
            .trimEnd(),
        );
  return [
    ...lines,
    `${report.nodes} nodes, ${report.clients} clients; ${report.orphans.length} without instance${report.postponed.length > 0 ? `, ${report.postponed.length} more over the limit of one run` : ""}; ${report.unjudged.length} nodes not judged`,
    ...(report.refused === undefined ? [] : [`nothing was deleted: ${report.refused}`]),
    ...(report.dryRun ? ["this was a dry run: nothing was deleted"] : []),
  ].join("\n");
}
