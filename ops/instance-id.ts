import { InvalidArgumentError } from "commander";
import { instanceIdPattern } from "../contract/notices.ts";

/** An argument of a command that must be an instance's id. */
export function instanceId(text: string): string {
  if (!instanceIdPattern.test(text)) throw new InvalidArgumentError("It must be an instance id: i- and 8 or 17 hexadecimal digits.");
  return text;
}
