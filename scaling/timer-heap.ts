import type { Timer } from "./state.ts";

const isBefore = (one: Timer, other: Timer) => one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);

export function pushTimer(heap: Timer[], timer: Timer): void {
  let index = heap.push(timer) - 1;
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above] as Timer;
    if (!isBefore(timer, parent)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = timer;
}

export function popTimer(heap: Timer[]): Timer | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    if (left >= heap.length) break;
    const right = left + 1;
    const below = right < heap.length && isBefore(heap[right] as Timer, heap[left] as Timer) ? right : left;
    if (!isBefore(heap[below] as Timer, last)) break;
    heap[index] = heap[below] as Timer;
    index = below;
  }
  heap[index] = last;
  return first;
}
