import { securityGroupRule } from "./security-group-rule.ts";

export const definition = securityGroupRule("Ingress");
