/** Number of characters to insert, delete, replace or swap with a neighbour to turn `one` into `other`. */
export function editDistance(one: string, other: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      let distance = Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (previous[column - 1] ?? 0) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (swapped) distance = Math.min(distance, (older[column - 2] ?? 0) + 1);
      current.push(distance);
    }
    older = previous;
    previous = current;
  }
  return previous[other.length] ?? 0;
}

/** A shorter beginning says too little to be taken for the whole word. */
const shortestBeginning = 3;

/** The known word that is nearest to `word`, one that it begins before all others; the first of equals. Undefined when there is none at all. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const given = word.toLowerCase();
  const isBeginning = (other: string) => given.length >= shortestBeginning && other.startsWith(given);
  const distance = (other: string) => (isBeginning(other.toLowerCase()) ? 0 : editDistance(given, other.toLowerCase()));
  return [...known].sort((one, other) => distance(one) - distance(other))[0];
}
