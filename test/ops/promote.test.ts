/** The parts of `ops promote` that the sandbox's one account cannot show; test/stack/bake.full.ts runs the whole. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AutoScalingGroup } from "@aws-sdk/client-auto-scaling";
import type { AwsSession } from "../../ops/account.ts";
import { clientArguments } from "../../ops/aws-calls.ts";
import { groupFaults } from "../../ops/promote/proof.ts";
import { isPromoted, shareImage } from "../../ops/promote/tags.ts";

const imageId = "ami-0123456789abcdef0";

describe("ops/promote: proof", () => {
  const instance = (LifecycleState: string, HealthStatus = "Healthy") => ({ LifecycleState, HealthStatus });
  const group = (MinSize: number, ...Instances: object[]) => ({ MinSize, Instances }) as unknown as AutoScalingGroup;

  it("is a full group without a roll-out under way", () => {
    assert.deepEqual(groupFaults(group(2, instance("InService"), instance("InService")), "Successful"), []);
    assert.deepEqual(groupFaults(group(1, instance("InService"), instance("Pending:Wait")), undefined), []);
  });

  it("is not one that is empty, not full, unhealthy or on its way", () => {
    assert.deepEqual(groupFaults(group(0), undefined), ["0 healthy instances are in service, at least 1 must be"]);
    assert.deepEqual(
      groupFaults(group(2, instance("InService"), instance("InService", "Unhealthy"), instance("Standby")), "RollbackInProgress"),
      ["1 healthy instances are in service, at least 2 must be", "a roll-out is under way (RollbackInProgress)"],
    );
  });
});

describe("ops/promote: another account", () => {
  let server: Server;
  const calls: Record<string, string>[] = [];
  let session: (accountId: string, key: string) => AwsSession;

  before(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        const key = /Credential=(\w+)/.exec(request.headers.authorization ?? "")?.[1] ?? "";
        const params = new URLSearchParams(body);
        params.delete("Version");
        calls.push({ ...Object.fromEntries(params), key });
        response.writeHead(200, { "content-type": "text/xml" }).end("<Response><return>true</return></Response>");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    session = (accountId, key) => ({
      accountId,
      clientArguments: {
        ...clientArguments("eu-central-1"),
        endpoint,
        credentials: () =>
          Promise.resolve({ accessKeyId: key, secretAccessKey: "x", sessionToken: "x", expiration: new Date(Date.now() + 3_600_000) }),
      },
    });
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("may launch the image and gets all tags of the bake, and that staging ran it", async () => {
    const tags = [
      { Key: "fleet:bake-type", Value: "t3.small" },
      { Key: "aws:cloudformation:stack-name", Value: "other" },
      { Key: "Name", Value: "storefront" },
      { Key: "owner", Value: "me" },
    ];
    await shareImage({ ImageId: imageId, Tags: tags }, session("111122223333", "OWN"), session("444455556666", "OTHER"));
    assert.deepEqual(calls, [
      { key: "OWN", Action: "ModifyImageAttribute", ImageId: imageId, "LaunchPermission.Add.1.UserId": "444455556666" },
      {
        key: "OTHER",
        Action: "CreateTags",
        "ResourceId.1": imageId,
        "Tag.1.Key": "fleet:bake-type",
        "Tag.1.Value": "t3.small",
        "Tag.2.Key": "Name",
        "Tag.2.Value": "storefront",
        "Tag.3.Key": "fleet:promoted-from",
        "Tag.3.Value": "staging",
      },
    ]);
  });

  it("is recorded by one tag with one value", () => {
    assert.equal(isPromoted({ Tags: [{ Key: "fleet:promoted-from", Value: "staging" }] }), true);
    assert.equal(isPromoted({ Tags: [{ Key: "fleet:promoted-from", Value: "qa" }] }), false);
    assert.equal(isPromoted({}), false);
  });
});

describe("ops promote", () => {
  const run = (folder: string, ...args: readonly string[]) =>
    new Promise<{ status: number; stderr: string }>((resolve) => {
      const cli = join(import.meta.dirname, "../../ops/cli.ts");
      execFile(process.execPath, [cli, "promote", ...args], { cwd: folder, timeout: 120_000 }, (error, _, stderr) =>
        resolve({ status: error ? Number(error.code ?? -1) : 0, stderr }),
      );
    });

  it("takes nothing but staging's output", async function () {
    const folder = mkdtempSync(join(tmpdir(), "fleet-promote-"));
    try {
      const fleet = { environment: "production", group: {}, launchTemplate: {}, region: "eu-central-1" };
      writeFileSync(join(folder, "outputs.json"), JSON.stringify({ fleets: { app: fleet } }));
      const { status, stderr } = await run(folder, "--outputs", "outputs.json");
      assert.equal(stderr, "The output is of stack production; images are promoted from staging.\n");
      assert.equal(status, 2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
