import { queueAttribute } from "./queue-attribute.ts";

export const definition = queueAttribute("aws:sqs/redrivePolicy:RedrivePolicy", "redrivePolicy", "RedrivePolicy");
