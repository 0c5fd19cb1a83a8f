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

/** The known word that is nearest to `word`; the first of equals. Undefined when there is none at all. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const distance = (other: string) => editDistance(word.toLowerCase(), other.toLowerCase());
  return [...known].sort((one, other) => distance(one) - distance(other))[0];
}
