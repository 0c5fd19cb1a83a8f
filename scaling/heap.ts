/** A binary heap in an array: the entry that comes before all others is its first. */
type Before<Entry> = (one: Entry, other: Entry) => boolean;

export function pushHeap<Entry>(heap: Entry[], entry: Entry, isBefore: Before<Entry>): void {
  let index = heap.push(entry) - 1;
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above] as Entry;
    if (!isBefore(entry, parent)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = entry;
}

export function popHeap<Entry>(heap: Entry[], isBefore: Before<Entry>): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    if (left >= heap.length) break;
    const right = left + 1;
    const below = right < heap.length && isBefore(heap[right] as Entry, heap[left] as Entry) ? right : left;
    if (!isBefore(heap[below] as Entry, last)) break;
    heap[index] = heap[below] as Entry;
    index = below;
  }
  heap[index] = last;
  return first;
}
