import { existsSync } from "node:fs";
import { chooseEngine } from "./engines.ts";
import { sandboxPassphrase } from "./environment.ts";
import { knownStacks, stateFile } from "./local-state.ts";
import { UsageError } from "./usage-error.ts";

/** Outputs stand in the state; neither program nor local AWS is needed. */
export async function runOutputs(root: string, { stack, json }: { readonly stack: string; readonly json: boolean }): Promise<number> {
  const file = stateFile(root, stack);
  if (!existsSync(file)) {
    const known = knownStacks(root);
    throw new UsageError(
      `Stack ${stack} has no state here (${known.length > 0 ? `there is: ${known.join(", ")}` : "no stack has"}): run "npm run sandbox -- up --stack ${stack}" first.`,
    );
  }
  const outputs = await (await chooseEngine("embedded")).outputs({ stateFile: file, passphrase: sandboxPassphrase });
  if (json) console.log(JSON.stringify(outputs, undefined, 2));
  else
    for (const [name, value] of Object.entries(outputs))
      console.log(`${name}: ${typeof value === "string" ? value : JSON.stringify(value, undefined, 2)}`);
  return 0;
}
