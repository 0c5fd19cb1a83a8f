/**
 * Exemptions of this program, reviewed like any other line. Each names one rule, one resource, a reason and the last day
 * on which it holds; an expired one, and one that names nothing, is a violation of `pack-exemptions-valid`.
 */
import type { Exemption } from "./core/exemption.ts";

export const exemptions: readonly Exemption[] = [];
