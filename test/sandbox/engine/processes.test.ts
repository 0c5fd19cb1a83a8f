import assert from "node:assert/strict";
import { isAlive } from "../../../sandbox/aws/processes.ts";
import { Processes } from "../../../sandbox/engine/processes.ts";

const sleeper = (onLine: (line: string) => void = () => undefined) => ({
  name: "sleeper",
  command: ["/bin/sh", "-c", "trap '' TERM; sleep 600 & echo $!; wait"],
  cwd: process.cwd(),
  env: { PATH: process.env["PATH"] ?? "", FLEET_TEST_RUN: process.env["FLEET_TEST_RUN"] ?? "" },
  onLine,
});

describe("the engine's processes", function () {
  it("end with what they started, also when they do not want to, and none is started afterwards", async () => {
    const processes = new Processes();
    const started = Promise.withResolvers<number>();
    const child = processes.start(sleeper((line) => started.resolve(Number(line))));
    const grandchild = await started.promise;
    assert.equal(isAlive(grandchild), true);
    await processes.stopAll();
    assert.equal(await child.exited, -1);
    assert.equal(isAlive(grandchild), false);
    // What a recovery or a second program was about to start would outlive the run, and keep the command from ending.
    assert.throws(() => processes.start(sleeper()), /^EngineError: The run ended before sleeper was started\.$/);
  });

  it("end at once when they are killed, and none is started from then on", async () => {
    const processes = new Processes();
    const child = processes.start(sleeper());
    processes.killAll();
    assert.throws(() => processes.start(sleeper()), /The run ended before sleeper was started/);
    assert.equal(await child.exited, -1);
    await processes.stopAll();
  });
});
