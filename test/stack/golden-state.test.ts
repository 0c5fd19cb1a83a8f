/**
 * States of released versions, as `sandbox up --stack staging` left them: whatever a later version changes, it must not
 * replace a group, a queue or a topic of a stack that stands. A release adds its own file to test/state/ and keeps the
 * others.
 */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DeployResult } from "../../sandbox/engine/api.ts";
import { ensureAws } from "../../sandbox/aws/lifetime.ts";
import { Checkout } from "../helpers/checkout.ts";

const states = join(import.meta.dirname, "../state");

/** What a replacement of would lose: running instances, waiting notices, subscriptions. */
const kept = [
  "aws:autoscaling/group:Group",
  "aws:sqs/queue:Queue",
  "aws:sns/topic:Topic",
  "aws:kms/key:Key",
  "aws:iam/serviceLinkedRole:ServiceLinkedRole",
];

describe("states of released versions", function () {
  let checkout: Checkout;

  before(async () => {
    checkout = new Checkout();
    // In the region of the stack's own settings, which the states were made in: another one would replace everything.
    const { region } = await ensureAws({ root: checkout.path, region: "eu-central-1", log: () => undefined });
    assert.equal(region, "eu-central-1");
  });

  after(() => checkout.remove());

  for (const file of readdirSync(states)) {
    it(`${file}: nothing that holds something is replaced or deleted`, async () => {
      const folder = join(checkout.path, ".sandbox/staging");
      mkdirSync(folder, { recursive: true });
      cpSync(join(states, file), join(folder, "state.json"));
      const { id } = JSON.parse(readFileSync(join(checkout.path, ".sandbox/aws/aws.json"), "utf8")) as { id: string };
      writeFileSync(join(folder, "aws-id"), id); // the state belongs to the local AWS that runs, as far as the sandbox knows
      const { stdout, stderr } = await checkout.sandbox("preview", "--stack", "staging", "--json");
      const result = JSON.parse(stdout) as DeployResult;
      assert.ok(result.ok, `${JSON.stringify(result.diagnostics)}\n${stderr}`);
      const steps = result.steps.filter(({ urn }) => kept.some((type) => urn.includes(`${type}::`)));
      assert.ok(steps.length >= 7, `only ${steps.length} resources of the kinds that must stay`);
      assert.deepEqual(
        steps.filter(({ op }) => op !== "same" && op !== "update").map(({ op, urn }) => `${op} ${urn}`),
        [],
      );
    });
  }
});
