/** One setting that was replaced by something that exists in the local AWS. */
export interface Override {
  /** Path as in `pulumi config set --path`. */
  readonly path: string;
  readonly key: readonly (string | number)[];
  /** `undefined` removes the setting. */
  readonly value: unknown;
}

/** What the local AWS lacks and cannot be made, or settings that cannot be read. */
export class SeedError extends Error {
  override readonly name = "SeedError";
}
