import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { killAtEvery, processesOf, runner, serializable, untilGone, upInProcess } from "./kill.ts";
import { TestStack } from "./stack.ts";

describe("kill -9 of the engine", function () {
  it("at every write of a first run: the next one converges, with nothing twice and nothing lost", async () => {
    const goal = [{ name: "a" }];
    assert.ok((await killAtEvery("before", undefined, goal, ["a"])) >= 3);
  });

  it("while it creates something that has no name: the next run stops and names it", async () => {
    using stack = new TestStack();
    const things = [{ name: "lost", type: "test:index:Nameless", inputs: { x: 42 } }];
    // Write 1 notes the create; before write 2 it has happened.
    await upInProcess(serializable(stack, things), "before", "2");
    await untilGone(stack.cloud);
    const text = stack.stateText();
    await assert.rejects(stack.up(things), (error: Error) => {
      assert.match(
        error.message,
        /ended while it created .*::lost, and its provider cannot tell whether it exists: it has no name to look by[^]*"x":42[^]*pending_operations/,
      );
      return true;
    });
    assert.equal(stack.stateText(), text);
  });

  it("leaves no process behind, even while a plugin and a program hang", async () => {
    using stack = new TestStack();
    const options = serializable(stack, [{ name: "slow", inputs: { slowMilliseconds: 60_000 } }]);
    const child = spawn(process.execPath, [runner, JSON.stringify(options)], { stdio: "ignore", env: options.env });
    while (stack.calls("create").length === 0) await new Promise((resolve) => setTimeout(resolve, 25));
    assert.ok(processesOf(stack.cloud).length > 0);
    child.kill("SIGKILL");
    await once(child, "exit");
    await untilGone(stack.cloud);
  });
});
