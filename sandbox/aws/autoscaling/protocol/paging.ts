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
 * One page of `items`. A token holds the key of the last record given out, so that records that come or go between two pages neither repeat
 * nor hide another.
 * @param list names the list, so that a token of one does not pass for another's.
 * @param order `sorted`: items stand in ascending order of their keys; `newest first`: new ones come at the front and old ones go at the end.
 */
export function page<Item>(
  list: string,
  items: readonly Item[],
  keyOf: (item: Item) => string,
  request: PageRequest,
  limits: PageLimits,
  order: "sorted" | "newest first" = "sorted",
): Page<Item> {
  const size = request.MaxRecords ?? limits.usual;
  if (size < 1 || size > limits.most) {
    throw new ApiError("ValidationError", `The MaxRecords value ${size} is not valid; it must be between 1 and ${limits.most}`);
  }
  let start = 0;
  if (request.NextToken !== undefined) {
    const last = decode(list, request.NextToken);
    const next = order === "sorted" ? items.findIndex((item) => keyOf(item) > last) : items.findIndex((item) => keyOf(item) === last) + 1;
    // The last record has gone, and with it all that were older; or there is none behind it.
    if (next < 0 || (order === "newest first" && next === 0)) return { items: [] };
    start = next;
  }
  const chosen = items.slice(start, start + size);
  const final = chosen.at(-1);
  if (final === undefined || start + size >= items.length) return { items: chosen };
  return { items: chosen, NextToken: encode(list, keyOf(final)) };
}
