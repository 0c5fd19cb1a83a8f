/** Every rule with its own examples, through the pack's RPC functions: before the first deployment and after it, and with each input unknown, missing and secret. */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { Run } from "../../policies/core/run.ts";
import type { AnyRule } from "../../policies/core/rule.ts";
import { runSettings } from "../../policies/engine/run-settings.ts";
import { Deployment } from "../../policies/model/deployment.ts";
import { Resource, nameOf, type ResourceFacts } from "../../policies/model/resource.ts";
import { secretSignature, signatureKey } from "../../policies/model/value.ts";
import { rules } from "../../policies/rules.ts";
import {
  exampleUrn,
  examplesDirectory,
  fullType,
  materialise,
  readExamples,
  type Example,
  type Materialised,
} from "../../policies/tools/examples.ts";
import { PackInProcess } from "./helpers/pack.ts";

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const aboutThePack = new Set(["pack-config-known", "pack-exemptions-valid", "pack-nothing-unproved"]);

const configOf = (rule: AnyRule, example: Example) => ({ ...example.configOf, [rule.id]: { ...example.config } });

const packOptions = (rule: AnyRule, example: Example) => ({
  configured: configOf(rule, example),
  stack: example.stack ?? "test",
  now: example.now,
  ...(rule.level === "disabled" && { level: "advisory" }),
});

interface Outcome {
  readonly violations: readonly string[];
  readonly unproved: readonly string[];
}

const line = (urn: string | undefined, message: string) => `${urn === undefined ? "the stack" : nameOf(urn)}: ${message}`;

/** The rule alone, with what it could not prove. */
function run(rule: AnyRule, example: Example, { inputs, outputs }: Materialised): Outcome {
  const settings = runSettings({
    rules,
    exemptions: [],
    configured: () => new Map(Object.entries(configOf(rule, example))),
    stack: example.stack ?? "test",
    ...(example.now !== undefined && { now: () => Date.parse(example.now ?? "") }),
  });
  const one = new Run(settings);
  const found = [
    ...inputs.flatMap((facts) => one.checkResource(rule, new Resource(facts))),
    ...one.checkStack(rule, new Deployment(outputs)),
  ];
  return {
    violations: found.map(({ urn, message }) => line(urn, message)).sort(),
    unproved: one
      .takeUnproved()
      .map(({ urn, message }) => line(urn, message))
      .sort(),
  };
}

const said = (example: Example) =>
  (example.says ?? [])
    .map(({ resource, message }) => line(resource && exampleUrn(resource, fullType(example.resources[resource]!.type)), message))
    .sort();

type Path = readonly (string | number)[];

/** Every property of every resource, at every depth. */
function paths(value: unknown, at: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [at];
  const inner = Object.entries(value).flatMap(([key, entry]) => paths(entry, [...at, Array.isArray(value) ? Number(key) : key]));
  return at.length === 0 ? inner : [at, ...inner];
}

function replaced(value: unknown, path: Path, make: (old: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return make(value);
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<string | number, unknown>;
  const next = replaced(copy[key], rest, make);
  if (next === undefined) {
    if (Array.isArray(copy)) copy.splice(Number(key), 1);
    else Reflect.deleteProperty(copy, key);
  } else copy[key] = next;
  return copy;
}

/** The example with one property changed, in the inputs and in the outputs. */
function variant(all: Materialised, urn: string, path: Path, make: (old: unknown) => unknown): Materialised {
  const change = (facts: ResourceFacts): ResourceFacts =>
    facts.urn === urn ? { ...facts, properties: replaced(facts.properties, path, make) as Record<string, unknown> } : facts;
  return { inputs: all.inputs.map(change), outputs: all.outputs.map(change) };
}

/** Values that are wrong in many places. */
const oddValues = [true, false, "true", "false", 0, 1, 100_000, "x", "ami-1", "*", [], {}, ["x"]];

/** What stands in the same place of resources of the same type in other examples. */
function valuesAt(examples: readonly Example[], urn: string, path: Path, only?: string): unknown[] {
  const type = urn.split("::")[2];
  return examples
    .flatMap((example) => materialise(example, true).inputs)
    .filter((facts) => facts.type === type && (only === undefined || facts.urn === only))
    .map(({ properties }) =>
      path.reduce<unknown>((value, key) => (value as Record<string | number, unknown> | undefined)?.[key], properties),
    );
}

/** The same without the dependencies of the property, from which its value could be told. */
function withoutOrigin(all: Materialised, urn: string, [property]: Path): Materialised {
  const strip = (facts: ResourceFacts): ResourceFacts =>
    facts.urn === urn ? { ...facts, propertyDependencies: { ...facts.propertyDependencies, [String(property)]: [] } } : facts;
  return { inputs: all.inputs.map(strip), outputs: all.outputs.map(strip) };
}

const places = (all: Materialised) => all.inputs.flatMap((facts) => paths(facts.properties).map((path) => ({ urn: facts.urn, path })));

describe("examples", () => {
  it("exist for every rule and for nothing else", () => {
    const files = globSync("*.yaml", { cwd: examplesDirectory }).map((file) => basename(file, ".yaml"));
    assert.deepEqual(files.sort(), rules.map((rule) => rule.id).sort());
    for (const rule of rules) {
      const { good, bad } = readExamples(rule.id, join(examplesDirectory));
      assert.ok(good.length > 0 && bad.length > 0, rule.id);
    }
  });

  for (const rule of rules.filter(({ id }) => aboutThePack.has(id))) {
    const { good, bad } = readExamples(rule.id);
    for (const example of [...good, ...bad]) {
      it(`${rule.id} says exactly this: ${example.title}`, async () => {
        // Most rules have something unproved in a stack of one resource.
        const reporter = rule.id === "pack-nothing-unproved";
        const pool = reporter ? rules.filter(({ id }) => id === rule.id || id === "image-instance-type-match") : rules;
        const found = await new PackInProcess(pool, packOptions(rule, example)).analyzeAll(materialise(example, true));
        const own = found.filter((one) => one.rule === rule.id);
        assert.deepEqual(own.map(({ urn, message }) => line(urn === "" ? undefined : urn, message)).sort(), said(example));
      });
    }
  }

  for (const rule of rules.filter(({ id }) => !aboutThePack.has(id))) {
    describe(rule.id, () => {
      const { good, bad } = readExamples(rule.id);

      for (const example of [...good, ...bad]) {
        it(`says exactly this after the deployment: ${example.title}`, async () => {
          const pack = new PackInProcess([rule], packOptions(rule, example));
          const found = await pack.analyzeAll(materialise(example, true));
          assert.deepEqual(found.map(({ urn, message }) => line(urn, message)).sort(), said(example));
          assert.deepEqual(run(rule, example, materialise(example, true)).unproved, []);
        });

        it(`is not silent before the first deployment: ${example.title}`, async () => {
          const all = materialise(example, false);
          const { violations, unproved } = run(rule, example, all);
          const pack = new PackInProcess([rule], packOptions(rule, example));
          assert.deepEqual((await pack.analyzeAll(all)).map(({ urn, message }) => line(urn, message)).sort(), violations);
          assert.deepEqual(
            unproved,
            (example.unprovedAtFirst ?? [])
              .map(({ resource, message }) => line(resource && exampleUrn(resource, fullType(example.resources[resource]!.type)), message))
              .sort(),
          );
          if (example.unprovedAtFirst === undefined) assert.deepEqual(violations, said(example));
          else if (example.says === undefined) assert.deepEqual(violations, []);
        });
      }

      for (const example of bad) {
        it(`with any one input unknown, still finds something: ${example.title}`, () => {
          const all = materialise(example, true);
          for (const { urn, path } of places(all)) {
            const { violations, unproved } = run(
              rule,
              example,
              variant(all, urn, path, () => unknown),
            );
            assert.ok(violations.length + unproved.length > 0, `${nameOf(urn)} ${path.join(".")} is unknown, and the rule is silent`);
            assert.ok(!violations.some((text) => text.includes("itself failed")), violations.join("\n"));
          }
        });
      }

      for (const example of good) {
        it(`with any one input unknown, blames nothing: ${example.title}`, () => {
          const all = materialise(example, true);
          for (const { urn, path } of places(all)) {
            const { violations } = run(
              rule,
              example,
              variant(all, urn, path, () => unknown),
            );
            assert.deepEqual(violations, [], `${nameOf(urn)} ${path.join(".")} is unknown`);
          }
        });
      }

      it("is not silent about any one unknown input that could be at fault", () => {
        for (const example of good) {
          const all = materialise(example, true);
          for (const { urn, path } of places(all)) {
            // A name that is not known is not known where it is used either, and no element of a list vanishes.
            if (path.length === 1 && path[0] === "name") continue;
            const [present] = valuesAt([example], urn, path, urn);
            const missing = typeof path.at(-1) === "number" ? [] : [undefined];
            const others = [...oddValues, ...valuesAt(bad, urn, path)].filter((value) => typeof value === typeof present);
            const candidates = [...missing, ...others];
            const outcomeOf = (make: () => unknown) => run(rule, example, withoutOrigin(variant(all, urn, path, make), urn, path));
            const fault = candidates.findIndex((value) => outcomeOf(() => value).violations.length > 0);
            if (fault < 0) continue;
            const { violations, unproved } = outcomeOf(() => unknown);
            assert.ok(
              violations.length + unproved.length > 0,
              `${example.title}: ${nameOf(urn)} ${path.join(".")} may be ${JSON.stringify(candidates[fault])}, a violation, and the rule says nothing while it is unknown`,
            );
          }
        }
      });

      it("does not fail when any one input is missing, encrypted or of an odd type", () => {
        for (const example of [...good, ...bad]) {
          const all = materialise(example, true);
          for (const { urn, path } of places(all)) {
            for (const odd of [undefined, { [signatureKey]: secretSignature, ciphertext: "v1:xyz" }, 7, "text", [null], {}, true]) {
              const { violations } = run(
                rule,
                example,
                variant(all, urn, path, () => odd),
              );
              assert.ok(!violations.some((text) => text.includes("itself failed")), `${path.join(".")}: ${violations.join("\n")}`);
            }
          }
        }
      });

      it("says the same when any one input is a secret", async () => {
        for (const example of [...good, ...bad]) {
          const all = materialise(example, true);
          const plain = run(rule, example, all);
          for (const { urn, path } of places(all)) {
            const secret = variant(all, urn, path, (old) => ({ [signatureKey]: secretSignature, value: old }));
            assert.deepEqual(run(rule, example, secret), plain, `${nameOf(urn)} ${path.join(".")} is secret`);
          }
          const pack = new PackInProcess([rule], packOptions(rule, example));
          const wrapped = (facts: ResourceFacts): ResourceFacts => ({
            ...facts,
            properties: Object.fromEntries(
              Object.entries(facts.properties).map(([key, value]) => [key, { [signatureKey]: secretSignature, value }]),
            ),
          });
          const found = await pack.analyzeAll({ inputs: all.inputs.map(wrapped), outputs: all.outputs.map(wrapped) });
          assert.deepEqual(found.map(({ urn, message }) => line(urn, message)).sort(), plain.violations);
        }
      });
    });
  }
});
