import { serve } from "../protocol/serve.ts";
import { commandProvider } from "./provider.ts";

await serve(commandProvider, process.argv.slice(2));
