/** The two engines behind one interface; each is loaded only when it is used. */
import type { DeploymentEngine } from "../engine/api.ts";

export const engineNames = ["embedded", "pulumi"] as const;
export type EngineName = (typeof engineNames)[number];

/** Each module is an engine: its functions are the verbs. */
export function chooseEngine(name: EngineName): Promise<DeploymentEngine> {
  return name === "pulumi" ? import("../pulumi-cli.ts") : import("../engine/engine.ts");
}
