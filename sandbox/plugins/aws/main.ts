import { serve } from "../protocol/serve.ts";
import { awsProvider } from "./provider.ts";

await serve(awsProvider(process.env), process.argv.slice(2));
