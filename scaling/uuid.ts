/** Finalizer of MurmurHash3: spreads every bit of the input over the output. */
function mix(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

const hex: readonly string[] = Array.from({ length: 65_536 }, (_, value) => value.toString(16).padStart(4, "0"));
const quad = (value: number) => hex[value & 0xffff] as string;

/** A UUID (version 4 by its form) that is a function of `sequence` alone; unique below 2^32. */
export function uuidOf(sequence: number): string {
  const first = mix(sequence + 0x9e3779b9); // a bijection of 32 bits: no two sequences share it
  const second = mix(first ^ 0x6a09e667);
  const third = mix(second ^ 0xbb67ae85);
  const fourth = mix(third ^ 0x3c6ef372);
  return (
    `${quad(first >>> 16)}${quad(first)}-${quad(second >>> 16)}-${quad(0x4000 | (second & 0xfff))}` +
    `-${quad(0x8000 | (third & 0x3fff))}-${quad(third >>> 16)}${quad(fourth >>> 16)}${quad(fourth)}`
  );
}
