/** A drill of a stack in the sandbox through the command line: expectations, report, and an end by a signal. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchClient, GetDashboardCommand } from "@aws-sdk/client-cloudwatch";
import type { Widget } from "../../components/dashboard-body.ts";
import type { Verdict } from "../../ops/drill/verdict.ts";
import { Checkout } from "../helpers/checkout.ts";
import { clientOptions } from "../helpers/inventory.ts";

/** Virtual seconds per second: alarms take minutes. */
const speed = ["--speed", "60"];
/** The consumer works in real time: what it does in some seconds on a busy machine are minutes here. What is expected otherwise, tests of the plan tell. */
const patience = ["--up-within", "--down-within", "--left-within"].flatMap((option) => [option, "6000"]);

describe("drill of a stack", function () {
  this.timeout(600_000);
  let checkout: Checkout;
  let folder: string;
  let endpoint: string;
  let region: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "fleet-drill-"));
    checkout = new Checkout();
    const { stdout } = await checkout.sandbox("env", ...speed);
    endpoint = /AWS_ENDPOINT_URL='(http:\/\/127\.0\.0\.1:\d+)'/.exec(stdout)?.[1] ?? "";
    region = /AWS_REGION='([a-z0-9-]+)'/.exec(stdout)?.[1] ?? "";
    const up = await checkout.run("sandbox/cli.ts", ["up", "--stack", "staging", ...speed]);
    assert.equal(up.code, 0, up.stdout.slice(-2_000) + up.stderr);
  });
  after(async () => {
    await checkout.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const arguments_ = (...args: readonly string[]) => ["drill", "--stack", "staging", "--sandbox", ...args];

  it("finds the dashboard that the stack got", async () => {
    const client = new CloudWatchClient(clientOptions(endpoint, region));
    const { DashboardBody: body = "" } = await client.send(new GetDashboardCommand({ DashboardName: "storefront-staging-web-v3" }));
    const { widgets } = JSON.parse(body) as { widgets: Widget[] };
    assert.deepEqual(
      widgets.flatMap(({ properties: { title } }) => title ?? []),
      [
        "Instances",
        "CPUUtilization (Average)",
        "Alarms",
        "Roll-outs",
        "Age of the oldest notice (s)",
        "Notices and dead letters",
        "Removals from Chef",
      ],
    );
  });

  it("sees the fleet grow and shrink and nothing left, and writes the report", async () => {
    const report = join(folder, "drill.html");
    const { code, stdout, stderr } = await checkout.run("ops/cli.ts", arguments_("--json", "--report", report, ...patience), {
      timeoutMs: 400_000,
    });
    assert.equal(code, 0, stderr);
    const { verdicts } = JSON.parse(stdout) as { verdicts: Verdict[] };
    assert.deepEqual(
      verdicts.map(({ name, met }) => [name, met]),
      [
        ["up", true],
        ["down", true],
        ["nothing left", true],
      ],
    );
    assert.match(stderr, /inService {2}i-[0-9a-f]+ is in service/);
    assert.match(readFileSync(report, "utf8"), /<b>met<\/b> nothing left: took \d+ s/);
  });

  it("ends on a signal and takes the load away", async () => {
    const child = spawn(process.execPath, [join(checkout.path, "ops/cli.ts"), ...arguments_(...patience)], {
      cwd: checkout.path,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let output = "";
    const code = await new Promise<number | null>((resolve, reject) => {
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (text.includes("% CPU on")) child.kill("SIGINT");
      });
      child.on("error", reject).on("close", resolve);
    });
    assert.equal(code, 4, output);
    assert.match(output, /everything that the drill set is as it was/);
    assert.match(output, /The drill ended early: SIGINT ended it\n$/);
  });
});
