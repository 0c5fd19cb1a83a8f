const hex: readonly string[] = Array.from({ length: 65_536 }, (_, value) => value.toString(16).padStart(4, "0"));

/** The n-th UUID, version 4 by its form; `sequence` is a whole number below 2^32. */
export function uuidOf(sequence: number): string {
  return `00000000-0000-4000-8000-0000${hex[sequence >>> 16] ?? ""}${hex[sequence & 0xffff] ?? ""}`;
}
