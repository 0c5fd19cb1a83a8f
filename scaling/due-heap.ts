/** A heap of things that fall due: the earliest first, at one time in the order of their making. */
import { popHeap, pushHeap } from "./heap.ts";

export interface Due {
  readonly atMs: number;
  readonly order: number;
}

const isBefore = (one: Due, other: Due) => one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);

export const pushDue = <Entry extends Due>(heap: Entry[], entry: Entry): void => pushHeap<Entry>(heap, entry, isBefore);
export const popDue = <Entry extends Due>(heap: Entry[]): Entry | undefined => popHeap<Entry>(heap, isBefore);
