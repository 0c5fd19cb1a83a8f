import { queueAttribute } from "./queue-attribute.ts";

export const definition = queueAttribute("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", "redriveAllowPolicy", "RedriveAllowPolicy");
