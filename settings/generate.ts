/** Writes the settings' JSON schema and page into docs/: `node settings/generate.ts`. A test holds them equal to the schema. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { settingsPage, stackFileSchema } from "./documents.ts";

const docs = join(import.meta.dirname, "..", "docs");
writeFileSync(join(docs, "settings.schema.json"), `${JSON.stringify(stackFileSchema(), undefined, 2)}\n`);
writeFileSync(join(docs, "settings.md"), settingsPage());
