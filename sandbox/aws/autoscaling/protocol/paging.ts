/** Pages of lists: MaxRecords and NextToken. */
import { ApiError } from "./errors.ts";

export interface PageLimits {
  /** Records in a page when MaxRecords is not given. */
  readonly usual: number;
  readonly most: number;
}

export interface PageRequest {
  readonly MaxRecords?: number | undefined;
  readonly NextToken?: string | undefined;
}

export interface Page<Item> {
  readonly items: Item[];
  readonly NextToken?: string;
}

const encode = (list: string, key: string) => Buffer.from(JSON.stringify([list, key])).toString("base64url");

function decode(list: string, token: string): string {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, "base64url").toString());
    if (Array.isArray(parts) && parts[0] === list && typeof parts[1] === "string") return parts[1];
  } catch {
    // Not a token of ours: refused below.
  }
  throw new ApiError("InvalidNextToken", `The NextToken value ${token} is not valid for this list; take it from the page before`);
}

/**
 * One page of `items`, which stand in the order of `keyOf`: ascending, or descending when `newestFirst`. A token holds the key of the last
 * record given out, so that records that come or go between two pages neither repeat nor hide another.
 * @param list names the list, so that a token of one does not pass for another's.
 */
export function page<Item>(
  list: string,
  items: readonly Item[],
  keyOf: (item: Item) => string,
  request: PageRequest,
  limits: PageLimits,
  newestFirst = false,
): Page<Item> {
  const size = request.MaxRecords ?? limits.usual;
  if (size < 1 || size > limits.most) {
    throw new ApiError("ValidationError", `The MaxRecords value ${size} is not valid; it must be between 1 and ${limits.most}`);
  }
  let start = 0;
  if (request.NextToken !== undefined) {
    const last = decode(list, request.NextToken);
    start = items.findIndex((item) => (newestFirst ? keyOf(item) < last : keyOf(item) > last));
    if (start < 0) return { items: [] };
  }
  const chosen = items.slice(start, start + size);
  const final = chosen.at(-1);
  if (final === undefined || start + size >= items.length) return { items: chosen };
  return { items: chosen, NextToken: encode(list, keyOf(final)) };
}
