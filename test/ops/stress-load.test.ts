/** The load of a drill on AWS: what is asked of Systems Manager, through the real SDK. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { openSession } from "../../ops/account.ts";
import { stressLoad, stressScript } from "../../ops/drill/stress-load.ts";
import { startQueryDouble, type QueryDouble } from "./query-double.ts";

type Body = Readonly<Record<string, unknown>>;

describe("ops drill: stress-ng through Systems Manager", () => {
  const environment = { ...process.env };
  let sts: QueryDouble;
  let server: Server;
  let calls: { readonly action: string; readonly body: Body }[] = [];
  let answers: Readonly<Record<string, (body: Body) => { readonly status?: number; readonly body: Body }>> = {};

  before(async () => {
    sts = await startQueryDouble({});
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const action = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Body;
        calls.push({ action, body });
        const answer = answers[action]?.(body) ?? { body: {} };
        response.writeHead(answer.status ?? 200, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    Object.assign(process.env, { AWS_ENDPOINT_URL: sts.endpoint, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
    process.env["AWS_ENDPOINT_URL_SSM"] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    delete process.env["AWS_PROFILE"];
  });
  after(async () => {
    process.env = { ...environment };
    await sts.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    calls = [];
    answers = { SendCommand: () => ({ body: { Command: { CommandId: `c-${calls.length}` } } }) };
  });

  const load = async () => stressLoad(await openSession({ region: "eu-central-1" }), 420);

  it("loads every instance for a limited time, and ends it by cancelling and by name", async () => {
    const source = await load();
    await source.raise(["i-1", "i-2"], 95);
    await source.calm();
    await source.restore();
    assert.deepEqual(
      calls.map(({ action }) => action),
      ["SendCommand", "CancelCommand", "SendCommand"],
    );
    const [raised, cancelled, ended] = calls;
    assert.deepEqual(raised?.body, {
      DocumentName: "AWS-RunShellScript",
      InstanceIds: ["i-1", "i-2"],
      Comment: "fleet drill",
      Parameters: { commands: stressScript(95, 420), executionTimeout: ["480"] },
    });
    assert.match(stressScript(95, 420).join("\n"), /stress-ng --quiet --cpu 0 --cpu-load 95 --timeout 420s$/);
    assert.deepEqual(cancelled?.body, { CommandId: "c-1" });
    assert.deepEqual((ended?.body["Parameters"] as Body)["commands"], ["pkill -x stress-ng || true"]);
  });

  it("tells when stress-ng does not run, with what the instance said", async () => {
    const source = await load();
    await source.raise(["i-1"], 95);
    answers = { ListCommandInvocations: () => ({ body: { CommandInvocations: [{ InstanceId: "i-1", Status: "InProgress" }] } }) };
    assert.equal(await source.trouble(), undefined);
    const failed = {
      InstanceId: "i-1",
      Status: "Failed",
      StatusDetails: "Failed",
      CommandPlugins: [{ Output: "stress-ng is not installed\n" }],
    };
    answers = { ListCommandInvocations: () => ({ body: { CommandInvocations: [failed] } }) };
    assert.equal(await source.trouble(), "stress-ng did not run on i-1 (Failed): stress-ng is not installed.");
  });

  it("says what Systems Manager refused", async () => {
    answers = { SendCommand: () => ({ status: 400, body: { __type: "InvalidInstanceId", message: "i-1 is not managed" } }) };
    const source = await load();
    await assert.rejects(source.raise(["i-1"], 95), { message: /^SendCommand failed: InvalidInstanceId: i-1 is not managed/ });
    await source.restore();
    assert.deepEqual(
      calls.map(({ action }) => action),
      ["SendCommand"],
      "what was never loaded has nothing to end",
    );
  });
});
