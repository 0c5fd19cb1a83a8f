/** Something that goes wrong for the next requests that fit. */
export interface Fault {
  /** Requests that it hits: method and path, for example `DELETE .*\/clients\/`. */
  readonly match: RegExp;
  /** How often; Infinity until it is taken away. */
  times: number;
  /** Answer with this status and the server is not asked. */
  readonly status?: number;
  /** Wait before the server is asked. */
  readonly latencyMs?: number;
  /** `reset` closes without an answer, `reset-after` does the work first, `half` sends half of the answer, `hang` never answers. */
  readonly cut?: "reset" | "reset-after" | "half" | "hang";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
