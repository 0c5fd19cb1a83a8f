import type { DataSource } from "../data-source.ts";

const seconds = (date: Date | undefined): string => date?.toISOString().replace(/\.\d{3}Z$/, "Z") ?? "";

export const dataSource: DataSource = {
  token: "aws:kms/getKey:getKey",
  async read(args, context) {
    const found = await context.aws("kms", "DescribeKey", { KeyId: args["keyId"], GrantTokens: args["grantTokens"] });
    const key = found.KeyMetadata;
    if (key === undefined) throw new Error(`KMS gave no key for ${JSON.stringify(args["keyId"])}`);
    const several = key.MultiRegionConfiguration;
    const place = (one: { Arn?: string | undefined; Region?: string | undefined }) => ({ arn: one.Arn ?? "", region: one.Region ?? "" });
    const spec = key.KeySpec ?? "SYMMETRIC_DEFAULT";
    return {
      id: key.KeyId,
      arn: key.Arn,
      awsAccountId: key.AWSAccountId ?? "",
      cloudHsmClusterId: key.CloudHsmClusterId ?? "",
      creationDate: seconds(key.CreationDate),
      customKeyStoreId: key.CustomKeyStoreId ?? "",
      customerMasterKeySpec: spec,
      deletionDate: seconds(key.DeletionDate),
      description: key.Description ?? "",
      enabled: key.Enabled ?? false,
      expirationModel: key.ExpirationModel ?? "",
      keyManager: key.KeyManager ?? "",
      keySpec: spec,
      keyState: key.KeyState ?? "",
      keyUsage: key.KeyUsage ?? "",
      multiRegion: key.MultiRegion ?? false,
      multiRegionConfigurations: several
        ? [
            {
              multiRegionKeyType: several.MultiRegionKeyType ?? "",
              primaryKeys: several.PrimaryKey ? [place(several.PrimaryKey)] : [],
              replicaKeys: (several.ReplicaKeys ?? []).map(place),
            },
          ]
        : [],
      origin: key.Origin ?? "",
      pendingDeletionWindowInDays: key.PendingDeletionWindowInDays ?? 0,
      validTo: seconds(key.ValidTo),
      xksKeyConfigurations: key.XksKeyConfiguration ? [{ id: key.XksKeyConfiguration.Id ?? "" }] : [],
    };
  },
};
