/** One local AWS per checkout: found again, ended whole, never two, and nothing left however it ends. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { AwsError, awsStatus, ensureAws, runForeground, stopAws } from "../../../sandbox/aws/lifetime.ts";
import type { AwsOptions } from "../../../sandbox/aws/lifetime.ts";
import { isAlive, waitUntilGone } from "../../../sandbox/aws/processes.ts";

const checkout = join(import.meta.dirname, "../../..");
const roots: string[] = [];

function makeRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "fleet-life-"));
  symlinkSync(join(checkout, ".venv"), join(root, ".venv"));
  roots.push(root);
  return root;
}

function options(root: string, more: Partial<AwsOptions> = {}): AwsOptions & { readonly lines: string[] } {
  const lines: string[] = [];
  return { root, log: (line) => lines.push(line), lines, ...more };
}

interface Record {
  readonly pid: number;
  readonly emulatorPids: readonly number[];
}
const record = (root: string) => JSON.parse(readFileSync(join(root, ".sandbox/aws/aws.json"), "utf8")) as Record;
const pids = (root: string) => [record(root).pid, ...record(root).emulatorPids];

afterEach(async () => {
  for (const root of roots.splice(0)) {
    await stopAws(root);
    rmSync(root, { recursive: true, force: true });
  }
});

describe("the local AWS of a checkout", () => {
  it("is one when two commands start it at the same time, found again, and ended with everything it started", async () => {
    const root = makeRoot();
    const both = await Promise.all([ensureAws(options(root)), ensureAws(options(root))]);
    assert.deepEqual(both.map(({ startedByUs }) => startedByUs).sort(), [false, true]);
    const [first, other] = both;
    assert.deepEqual([other.id, other.endpoint], [first.id, first.endpoint]);
    assert.deepEqual([first.region, first.accountId, first.speed], ["eu-west-1", "123456789012", 1]);
    const asked = options(root, { speed: 2 });
    const third = await ensureAws(asked);
    assert.deepEqual([third.startedByUs, third.id, third.endpoint, third.speed], [false, first.id, first.endpoint, 1]);
    assert.match(asked.lines.join("\n"), /runs already, at speed 1; for speed 2, end it first: npm run sandbox -- down/);
    const status = await awsStatus(root);
    assert.deepEqual(
      status?.emulators.map(({ name, running }) => [name, running]),
      [
        ["moto", true],
        ["ministack", true],
      ],
    );
    const processes = pids(root);
    assert.deepEqual(processes.map(isAlive), [true, true, true]);
    assert.equal(await stopAws(root), true);
    assert.deepEqual(processes.map(isAlive), [false, false, false]);
    assert.equal(await awsStatus(root), undefined);
    assert.equal(await stopAws(root), false);
    // What stays is for people: logs, and the state of our services of that life.
    assert.deepEqual(readdirSync(join(root, ".sandbox/aws")).sort(), ["log.txt", "ministack", "moto", "state"]);
  });

  it("takes over the lock of a process that died while it started; killed it leaves no process, and is begun anew with its old state set aside", async () => {
    const root = makeRoot();
    mkdirSync(join(root, ".sandbox/aws"), { recursive: true });
    writeFileSync(join(root, ".sandbox/aws/lock"), "999999999");
    const first = await ensureAws(options(root, { speed: 60 }));
    assert.deepEqual([first.startedByUs, first.speed], [true, 60]);
    writeFileSync(join(root, ".sandbox/aws/state/of-old"), "");
    const processes = pids(root);
    process.kill(record(root).pid, "SIGKILL");
    assert.ok(await waitUntilGone(processes, 60_000), "the emulators outlive the daemon");
    assert.equal(await awsStatus(root), undefined);
    const asked = options(root);
    const second = await ensureAws(asked);
    assert.notEqual(second.id, first.id);
    assert.equal(second.startedByUs, true);
    assert.match(asked.lines.join("\n"), /The local AWS of .* is gone, and with it what it held; a new one is started\./);
    assert.ok(existsSync(join(root, ".sandbox/aws/state.bak/of-old")));
  });

  it("does not mistake another process for itself, nor end it", async () => {
    const root = makeRoot();
    mkdirSync(join(root, ".sandbox/aws"), { recursive: true });
    const stale = {
      id: "old",
      pid: process.pid,
      processStart: "another",
      emulatorPids: [],
      endpoint: "http://127.0.0.1:1",
      startedAt: "then",
    };
    writeFileSync(join(root, ".sandbox/aws/aws.json"), JSON.stringify(stale));
    assert.equal(await awsStatus(root), undefined);
    assert.equal(await stopAws(root), false);
    assert.ok(isAlive(process.pid));
  });

  it("refuses a record that it cannot read, and leaves it as it is", async () => {
    const root = makeRoot();
    const path = join(root, ".sandbox/aws/aws.json");
    mkdirSync(join(root, ".sandbox/aws"), { recursive: true });
    writeFileSync(path, '{"id": "half');
    await assert.rejects(
      ensureAws(options(root)),
      /aws\.json cannot be read as the record of a local AWS\. .* remove the file and try again/,
    );
    assert.equal(readFileSync(path, "utf8"), '{"id": "half');
    rmSync(path);
  });

  it("answers 503 with a sentence for the services of a killed emulator, and its status says so", async () => {
    const root = makeRoot();
    const { endpoint, region } = await ensureAws(options(root));
    const client = { endpoint, region, credentials: { accessKeyId: "a", secretAccessKey: "b" }, maxAttempts: 1 };
    const ec2 = new EC2Client(client);
    const sqs = new SQSClient(client);
    assert.equal((await ec2.send(new DescribeVpcsCommand({}))).Vpcs?.length, 1);
    const moto = (await awsStatus(root))!.emulators.find(({ name }) => name === "moto")!;
    process.kill(moto.pid, "SIGKILL");
    assert.ok(await waitUntilGone([moto.pid], 60_000));
    await assert.rejects(ec2.send(new DescribeVpcsCommand({})), (error: Error & { $metadata?: { httpStatusCode?: number } }) => {
      assert.equal(error.$metadata?.httpStatusCode, 503);
      assert.match(
        error.message,
        /^The emulator moto is not running \(ended by SIGKILL\)\. What it held is lost: stop the local AWS with `npm run sandbox -- down`/,
      );
      return true;
    });
    await sqs.send(new ListQueuesCommand({})); // the others go on
    const status = await awsStatus(root);
    assert.deepEqual(
      status?.emulators.map(({ name, running }) => [name, running]),
      [
        ["moto", false],
        ["ministack", true],
      ],
    );
    assert.match(status.emulators[0]!.fault ?? "", /The emulator moto is not running/);
    const again = options(root);
    assert.equal((await ensureAws(again)).startedByUs, false);
    assert.match(again.lines.join("\n"), /The emulator moto is not running/);
    ec2.destroy();
    sqs.destroy();
  });

  it("says what to do about an occupied port", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await assert.rejects(ensureAws(options(makeRoot(), { port })), (error: Error) => {
      assert.ok(error instanceof AwsError);
      assert.match(
        error.message,
        new RegExp(`The local AWS did not start\\. [^]*Port ${port} of 127\\.0\\.0\\.1 is taken by another process\\. Name another port`),
      );
      return true;
    });
    server.close();
  });

  it("says what to do when Python's packages are missing", async () => {
    const root = mkdtempSync(join(tmpdir(), "fleet-life-"));
    roots.push(root);
    await assert.rejects(
      ensureAws(options(root)),
      /The emulators are not installed: .*\.venv\/bin\/python is missing\. Run `npm run setup`/,
    );
  });

  it("reports every faulty option at once", async () => {
    await assert.rejects(
      ensureAws(options(makeRoot(), { speed: 0, region: "nowhere", accountId: "1", port: 70_000 })),
      /speed is 0; .*region is "nowhere"; .*accountId is "1"; .*port is 70000/,
    );
  });

  it("runs in the foreground until it is told to stop, and is found meanwhile", async () => {
    const root = makeRoot();
    const stop = new AbortController();
    const ready = Promise.withResolvers<string>();
    const done = runForeground(options(root), ({ endpoint }) => ready.resolve(endpoint), stop.signal);
    const endpoint = await Promise.race([ready.promise, done.then(() => "ended")]);
    const found = await ensureAws(options(root));
    assert.deepEqual([found.startedByUs, found.endpoint], [false, endpoint]);
    await assert.rejects(
      runForeground(options(root), () => undefined, stop.signal),
      /A local AWS runs already at .*end it with/,
    );
    const { emulatorPids } = record(root);
    stop.abort();
    await done;
    assert.deepEqual(emulatorPids.map(isAlive), [false, false]);
    assert.equal(await awsStatus(root), undefined);
  });
});
