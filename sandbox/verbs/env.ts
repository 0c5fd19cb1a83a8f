import { ensureAws } from "../aws/lifetime.ts";
import { awsEnvironment } from "./environment.ts";
import { sandboxDirectory } from "./local-state.ts";

/** Lines for `eval`; what they say stands on stderr. A profile in the caller's environment would win over the keys, so it is removed. */
export async function runEnv(root: string, speed: number | undefined): Promise<number> {
  const aws = await ensureAws({ root, log: (line) => console.error(line), ...(speed === undefined ? {} : { speed }) });
  if (aws.startedByUs) console.error(`local AWS started at ${aws.endpoint}; "npm run sandbox -- down" ends it`);
  for (const [name, value] of Object.entries(awsEnvironment(aws, sandboxDirectory(root))))
    console.log(`export ${name}='${value.replaceAll("'", `'\\''`)}'`);
  console.log("unset AWS_PROFILE AWS_SESSION_TOKEN");
  return 0;
}
