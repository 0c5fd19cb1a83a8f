/** Removes folders with overlays in them, also where there are no privileges. */
import { chmodSync, globSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * The kernel leaves in each overlay's work folder one with no permissions at all, which nobody but root can look into; whoever owns it can
 * give them back.
 *
 * @param workFolders pattern of the overlays' work folders below `folder`.
 */
export function removeWithOverlays(folder: string, workFolders: string): void {
  for (const name of globSync(`${workFolders}/*`, { cwd: folder })) chmodSync(join(folder, name), 0o700);
  rmSync(folder, { recursive: true, force: true });
}
