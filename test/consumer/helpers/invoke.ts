/**
 * Runs a function's handler as its environment says, once for each event of the second argument, one after the other; prints the answers.
 *
 *   node invoke.ts consumer|reconciler EVENTS
 */
const [, , name, events] = process.argv;
const { handler } = (await import(`../../../consumer/${name === "consumer" ? "lambda" : "reconciler"}.ts`)) as {
  handler: (event: unknown, context: unknown) => Promise<unknown>;
};
for (const event of JSON.parse(events ?? "[]") as unknown[]) {
  console.error(JSON.stringify(await handler(event, { getRemainingTimeInMillis: () => 60_000 })));
}
process.exit(0); // connections that are kept open would keep it
