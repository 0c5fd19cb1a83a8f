/** The service behind an endpoint in a process of its own, so that a test can kill it; EC2 lives in the test's moto, notices go to a file. */
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { RealClock } from "../../../../scaling/clock.ts";
import { createAutoScaling } from "../../../../sandbox/aws/autoscaling/service.ts";
import { CallLog } from "../../../../sandbox/aws/endpoint/calls.ts";
import { Direct } from "../../../../sandbox/aws/endpoint/direct.ts";
import { Endpoint } from "../../../../sandbox/aws/endpoint/server.ts";
import { Sessions } from "../../../../sandbox/aws/endpoint/sessions.ts";
import { World } from "../../../../sandbox/aws/world.ts";

const [motoUrl = "", stateDirectory = ""] = process.argv.slice(2);
const accountId = "123456789012";
const region = "us-east-1";
const clock = new RealClock();
const nowhere = () => Promise.resolve({ status: 404, headers: {}, body: "" });
const log = (line: string) => console.error(line);

mkdirSync(stateDirectory, { recursive: true });
const endpoint = new Endpoint({ accountId, clock, calls: new CallLog(), sessions: new Sessions(), log, admin: nowhere, metadata: nowhere });
const url = `http://127.0.0.1:${await endpoint.listen(0)}`;
const direct = new Direct({ service: () => undefined, accountId, region });
const world = new World({ clock, accountId, region, endpoint: url, stateDirectory, direct, log, urlOf: () => motoUrl });
world.putEvent = () => Promise.resolve();
world.connect({
  delivery: {
    publish: ({ message }) => {
      appendFileSync(join(stateDirectory, "published.jsonl"), `${message}\n`);
      return Promise.resolve();
    },
    sendToQueue: () => Promise.resolve(),
  },
  metrics: { put: () => undefined },
});
endpoint.open([createAutoScaling(world)]);
console.log(url);
// The end of the pipe is the end of the test.
process.stdin.resume().on("end", () => process.exit());
