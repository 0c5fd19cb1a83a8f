import { stopAws } from "../aws/lifetime.ts";

/** States stay; the next run finds that their AWS is gone and sets them aside. */
export async function runDown(root: string): Promise<number> {
  const ran = await stopAws(root);
  console.log(ran ? "local AWS ended" : "no local AWS was running");
  return 0;
}
