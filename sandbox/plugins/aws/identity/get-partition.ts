import type { DataSource } from "../data-source.ts";

export const dataSource: DataSource = {
  token: "aws:index/getPartition:getPartition",
  read(_args, context) {
    const dnsSuffix = context.partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
    const reverseDnsPrefix = dnsSuffix.split(".").reverse().join(".");
    return Promise.resolve({ id: context.partition, partition: context.partition, dnsSuffix, reverseDnsPrefix });
  },
};
