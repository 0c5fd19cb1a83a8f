import process from "node:process";
import { runForeground } from "../aws/lifetime.ts";

export interface AwsCommand {
  readonly port: number;
  readonly region: string;
  readonly speed?: number;
}

/** Until SIGINT or SIGTERM. The first line on stdout is the endpoint, for scripts; all else stands on stderr. */
export async function runAws(root: string, { port, region, speed }: AwsCommand): Promise<number> {
  const until = new AbortController();
  const stop = () => until.abort();
  process.on("SIGINT", stop).on("SIGTERM", stop);
  try {
    const options = { root, port, region, ...(speed === undefined ? {} : { speed }), log: (line: string) => console.error(line) };
    await runForeground(options, (aws) => console.log(aws.endpoint), until.signal);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
  return 0;
}
