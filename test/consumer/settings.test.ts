import assert from "node:assert/strict";
import { readSettings, SettingsError } from "../../consumer/settings.ts";

const complete = {
  FLEET_CHEF_SERVER_URL: "https://chef.example.com/organizations/acme",
  FLEET_CHEF_USER: "janitor",
  FLEET_CHEF_KEY: "ssm:/fleet/chef/janitor",
  FLEET_ACCOUNT_ID: "123456789012",
  FLEET_NAME_PREFIX: "shop-staging-web-v1",
  FLEET_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/notices",
  FLEET_DEAD_LETTER_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/dead",
};

const faultsOf = (environment: Record<string, string>): string[] => {
  try {
    readSettings(environment);
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.faults.map(({ name, message }) => `${name} ${message}`);
  }
  return [];
};

describe("consumer/settings", () => {
  it("fills in the documented defaults", () => {
    assert.deepEqual(readSettings(complete), {
      chefServerUrl: complete.FLEET_CHEF_SERVER_URL,
      chefUser: "janitor",
      chefKey: { store: "ssm", name: "/fleet/chef/janitor" },
      chefSigning: "1.3",
      allowHttp: false,
      certificateAuthority: undefined,
      accountId: "123456789012",
      namePrefix: "shop-staging-web-v1",
      queueUrl: complete.FLEET_QUEUE_URL,
      deadLetterQueueUrl: complete.FLEET_DEAD_LETTER_QUEUE_URL,
      naming: "instance-id",
      drain: "none",
      concurrency: 64,
      dryRun: false,
    });
  });

  it("lists every fault at once", () => {
    assert.deepEqual(
      faultsOf({
        ...complete,
        FLEET_CHEF_USER: "",
        FLEET_ACCOUNT_ID: "12",
        FLEET_NODE_NAMING: "guess",
        FLEET_CONCURRENCY: "0",
        FLEET_QUEUE_URL: "notices",
      }),
      [
        "FLEET_CHEF_USER is missing; it must be the name of a Chef client or user",
        'FLEET_ACCOUNT_ID is "12"; it must be an account id of twelve digits',
        'FLEET_QUEUE_URL is "notices"; it must be the address of an SQS queue',
        'FLEET_NODE_NAMING is "guess"; it must be instance-id or tag or search',
        'FLEET_CONCURRENCY is "0"; it must be a whole number from 1 to 256',
      ],
    );
  });

  it("refuses http unless it is allowed", () => {
    const http = { ...complete, FLEET_CHEF_SERVER_URL: "http://127.0.0.1:4000/organizations/acme" };
    assert.match(faultsOf(http)[0] ?? "", /without TLS; use https, or set FLEET_CHEF_ALLOW_HTTP=true/);
    assert.equal(readSettings({ ...http, FLEET_CHEF_ALLOW_HTTP: "true" }).allowHttp, true);
  });

  it("refuses a key in the place of its name, and does not repeat it", () => {
    const [fault = ""] = faultsOf({ ...complete, FLEET_CHEF_KEY: "-----BEGIN RSA PRIVATE KEY-----\nsecret\n" });
    assert.match(fault, /^FLEET_CHEF_KEY holds what looks like the secret itself; it must name where the secret is stored/);
    assert.doesNotMatch(fault, /BEGIN|secret\n/);
  });
});
