/** Times as text. The model writes the same few times again and again, so the last ones are kept. */
const slots = 64;
const times = new Float64Array(slots).fill(NaN);
const texts: string[] = Array.from({ length: slots }, () => "");

/** `2026-01-01T00:00:00.000Z` */
export function isoTime(atMs: number): string {
  const slot = atMs % slots;
  if (times[slot] !== atMs) {
    texts[slot] = new Date(atMs).toISOString();
    times[slot] = atMs;
  }
  return texts[slot] ?? "";
}

/** `2026-01-01T00:00:00Z` */
export function isoSeconds(atMs: number): string {
  return `${isoTime(atMs).slice(0, 19)}Z`;
}
