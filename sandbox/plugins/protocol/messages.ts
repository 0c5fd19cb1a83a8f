import pb from "@pulumi/pulumi/proto/provider_pb.js";
import type { Change, Checked, Difference } from "./provider.ts";
import { toStruct } from "./values.ts";

type CheckResponse = InstanceType<typeof pb.CheckResponse>;
type DiffResponse = InstanceType<typeof pb.DiffResponse>;

export function checkResponse({ inputs, failures }: Checked): CheckResponse {
  return new pb.CheckResponse()
    .setInputs(toStruct(inputs))
    .setFailuresList(failures.map((one) => new pb.CheckFailure().setProperty(one.property).setReason(one.reason)));
}

function kindOf({ kind, replace }: Change) {
  const kinds = pb.PropertyDiff.Kind;
  const [inPlace, replacing] = {
    add: [kinds.ADD, kinds.ADD_REPLACE],
    delete: [kinds.DELETE, kinds.DELETE_REPLACE],
    update: [kinds.UPDATE, kinds.UPDATE_REPLACE],
  }[kind] as [typeof kinds.ADD, typeof kinds.ADD];
  return replace ? replacing : inPlace;
}

const topLevel = (path: string): string => path.split(/[.[]/, 1)[0] ?? path;

export function diffResponse({ changes, deleteBeforeReplace }: Difference): DiffResponse {
  const states = pb.DiffResponse.DiffChanges;
  const tops = (picked: readonly Change[]) => [...new Set(picked.map((change) => topLevel(change.path)))];
  const response = new pb.DiffResponse()
    .setChanges(changes.length > 0 ? states.DIFF_SOME : states.DIFF_NONE)
    .setDiffsList(tops(changes))
    .setReplacesList(tops(changes.filter((change) => change.replace)))
    .setDeletebeforereplace(deleteBeforeReplace)
    .setHasdetaileddiff(true);
  const detailed = response.getDetaileddiffMap();
  for (const change of changes) detailed.set(change.path, new pb.PropertyDiff().setKind(kindOf(change)).setInputdiff(true));
  return response;
}
