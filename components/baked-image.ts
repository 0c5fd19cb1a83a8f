/** What the settings say of an image, compared with what it is. */
export interface BakedImageArgs {
  /** `ami-…`, written by `ops image pick`. */
  readonly id: string;
  /** Account id that owns it, or `self`. */
  readonly owner: string;
  /** Instance type that it must have been built on. */
  readonly bakeType: string;
  readonly product: string;
  readonly environment: string;
  /** Days since the bake after which it is refused; absent = any age. */
  readonly maxAgeDays?: number | undefined;
}
