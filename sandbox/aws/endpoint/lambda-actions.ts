/** Lambda's API is REST: the action stands in method and path. https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html */

const table: readonly (readonly [method: string, path: RegExp, action: string])[] = [
  ["POST", /^\/functions\/[^/]+\/invocations$/, "Invoke"],
  ["POST", /^\/functions$/, "CreateFunction"],
  ["GET", /^\/functions$/, "ListFunctions"],
  ["GET", /^\/functions\/[^/]+$/, "GetFunction"],
  ["DELETE", /^\/functions\/[^/]+$/, "DeleteFunction"],
  ["GET", /^\/functions\/[^/]+\/configuration$/, "GetFunctionConfiguration"],
  ["PUT", /^\/functions\/[^/]+\/configuration$/, "UpdateFunctionConfiguration"],
  ["PUT", /^\/functions\/[^/]+\/code$/, "UpdateFunctionCode"],
  ["GET", /^\/functions\/[^/]+\/code-signing-config$/, "GetFunctionCodeSigningConfig"],
  ["PUT", /^\/functions\/[^/]+\/concurrency$/, "PutFunctionConcurrency"],
  ["DELETE", /^\/functions\/[^/]+\/concurrency$/, "DeleteFunctionConcurrency"],
  ["GET", /^\/functions\/[^/]+\/concurrency$/, "GetFunctionConcurrency"],
  ["GET", /^\/functions\/[^/]+\/policy$/, "GetPolicy"],
  ["POST", /^\/functions\/[^/]+\/policy$/, "AddPermission"],
  ["DELETE", /^\/functions\/[^/]+\/policy\/[^/]+$/, "RemovePermission"],
  ["GET", /^\/functions\/[^/]+\/versions$/, "ListVersionsByFunction"],
  ["POST", /^\/functions\/[^/]+\/versions$/, "PublishVersion"],
  ["GET", /^\/functions\/[^/]+\/event-invoke-config$/, "GetFunctionEventInvokeConfig"],
  ["PUT", /^\/functions\/[^/]+\/event-invoke-config$/, "PutFunctionEventInvokeConfig"],
  ["POST", /^\/event-source-mappings$/, "CreateEventSourceMapping"],
  ["GET", /^\/event-source-mappings$/, "ListEventSourceMappings"],
  ["GET", /^\/event-source-mappings\/[^/]+$/, "GetEventSourceMapping"],
  ["PUT", /^\/event-source-mappings\/[^/]+$/, "UpdateEventSourceMapping"],
  ["DELETE", /^\/event-source-mappings\/[^/]+$/, "DeleteEventSourceMapping"],
  ["GET", /^\/tags\/.+$/, "ListTags"],
  ["POST", /^\/tags\/.+$/, "TagResource"],
  ["DELETE", /^\/tags\/.+$/, "UntagResource"],
];

/** Empty for a path that is not in the table. */
export function lambdaAction(method: string, url: string): string {
  const path = (url.split("?")[0] ?? "").replace(/^\/\d{4}-\d{2}-\d{2}/, "").replace(/\/$/, "");
  return table.find(([verb, pattern]) => verb === method && pattern.test(path))?.[2] ?? "";
}

/** Name of the function in the path, without account and version; undefined when the path names none. */
export function lambdaFunctionName(url: string): string | undefined {
  const segment = /\/functions\/([^/?]+)/.exec(url)?.[1];
  return segment === undefined ? undefined : decodeURIComponent(segment).split(":function:").pop()?.split(":")[0];
}
