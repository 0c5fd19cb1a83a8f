import { crc32 } from "node:zlib";
import type { DataSource } from "../data-source.ts";
import { merged, parseDocument, refuseDuplicates, statement } from "./policy-document.ts";
import type { Document, StatementInput } from "./policy-document.ts";

const defaultVersion = "2012-10-17";

export const dataSource: DataSource = {
  token: "aws:iam/getPolicyDocument:getPolicyDocument",
  unsupported: ["overrideJson", "sourceJson"],
  read(args) {
    const version = (args["version"] as string | undefined) ?? defaultVersion;
    const sources = ((args["sourcePolicyDocuments"] ?? []) as string[]).map((text, index) =>
      parseDocument(text, `sourcePolicyDocuments[${index}]`),
    );
    refuseDuplicates(
      sources.flatMap((source) => source.Statement ?? []),
      "sourcePolicyDocuments",
    );
    const own = ((args["statements"] ?? []) as unknown as StatementInput[]).map((one) => statement(one, version));
    refuseDuplicates(own, "statements");
    const policyId = args["policyId"];
    const document: Document = { Version: version, ...(typeof policyId === "string" ? { Id: policyId } : {}), Statement: own };
    const overrides = ((args["overridePolicyDocuments"] ?? []) as string[]).map((text, index) =>
      parseDocument(text, `overridePolicyDocuments[${index}]`),
    );
    const whole = [...sources, document, ...overrides].reduce(merged, {});
    const json = JSON.stringify(whole, undefined, 2);
    return Promise.resolve({ json, minifiedJson: JSON.stringify(whole), id: String(crc32(json)), version });
  },
};
