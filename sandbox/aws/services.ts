/** The services of ours, built from the world behind the endpoint. */
import type { Direct } from "./endpoint/direct.ts";
import type { EmulatedService } from "./endpoint/emulated.ts";
import type { AwsService } from "./service.ts";
import type { World } from "./world.ts";

export async function ownServices(world: World, direct: Direct, emulated: ReadonlyMap<string, EmulatedService>): Promise<AwsService[]> {
  void direct;
  void emulated;
  const services: AwsService[] = [];
  const path = "./autoscaling/service.ts";
  const { createAutoScaling } = (await import(path).catch(() => ({}))) as { createAutoScaling?: (deps: World) => AwsService };
  if (createAutoScaling) services.push(createAutoScaling(world));
  return services;
}
