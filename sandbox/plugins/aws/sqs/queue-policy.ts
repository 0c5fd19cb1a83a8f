import { queueAttribute } from "./queue-attribute.ts";

export const definition = queueAttribute("aws:sqs/queuePolicy:QueuePolicy", "policy", "Policy");
