import assert from "node:assert/strict";
import { EngineLog } from "../../../sandbox/plugins/protocol/engine-log.ts";

describe("messages of a plugin to its engine", () => {
  it("are dropped when the engine is gone, or the plugin is about to end: they never fail a step", async () => {
    const log = new EngineLog("127.0.0.1:1");
    log.send("urn", "info", "to nobody");
    await log.flush();
    log.close();
    log.send("urn", "info", "after the end");
    await assert.doesNotReject(log.flush());
  });
});
