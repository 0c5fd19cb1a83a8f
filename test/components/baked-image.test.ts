import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { allOrEveryFault } from "../../components/every-fault.ts";
import { BakedImage } from "../../components/baked-image.ts";
import type { BakeArgs } from "../../components/baked-image.ts";
import { imageFacts, imageFaults } from "../../components/image-facts.ts";
import type { DescribedImage } from "../../components/image-facts.ts";
import { bakeHash } from "../../contract/bake.ts";
import { describedImage, image } from "./helpers/args.ts";
import { accountId, region, settled, startMocks, valueOf } from "./helpers/mocks.ts";

const getAmi = "aws:ec2/getAmi:getAmi";
const args = { imageId: image.id, owner: "self", bakeType: "t3.small", product: "storefront" };
const now = Date.UTC(2026, 10, 21);
const expected = { bakeType: "t3.small", product: "storefront" };

const tagged = (key: string, value: string | undefined): DescribedImage => {
  const tags = Object.fromEntries(Object.entries({ ...describedImage.tags, [key]: value }).filter(([, one]) => one !== undefined));
  return { ...describedImage, tags: tags as Record<string, string> };
};

describe("components/image-facts", () => {
  const cases: readonly {
    readonly what: string;
    readonly image: DescribedImage;
    readonly fault: string;
    readonly promotedFrom?: string;
  }[] = [
    {
      what: "another bake type",
      image: tagged("fleet:bake-type", "m7i.large"),
      fault: 'its tag fleet:bake-type is "m7i.large"; allowed: "t3.small" (image.bakeType of the settings)',
    },
    {
      what: "no bake type",
      image: tagged("fleet:bake-type", undefined),
      fault: 'its tag fleet:bake-type is absent; allowed: "t3.small" (image.bakeType of the settings)',
    },
    {
      what: "another product",
      image: tagged("fleet:product", "backoffice"),
      fault: 'its tag fleet:product is "backoffice"; allowed: "storefront" (fleet:product of the settings)',
    },
    {
      what: "an image that staging has not run",
      image: describedImage,
      promotedFrom: "staging",
      fault: 'its tag fleet:promoted-from is absent; allowed: "staging" (npm run ops -- promote writes it)',
    },
    {
      what: "a tag that says another architecture",
      image: tagged("fleet:architecture", "arm64"),
      fault: 'its tag fleet:architecture is "arm64"; allowed: "x86_64" (its own architecture)',
    },
    {
      what: "an architecture that no fleet has",
      image: { ...describedImage, architecture: "i386" },
      fault: 'its architecture is "i386"; allowed: x86_64, arm64',
    },
    { what: "a pending image", image: { ...describedImage, state: "pending" }, fault: 'its state is "pending"; allowed: "available"' },
    {
      what: "an instance-store image",
      image: { ...describedImage, rootDeviceType: "instance-store" },
      fault: 'its root device is of type "instance-store"; allowed: "ebs"',
    },
    {
      what: "an image without a volume at its root device",
      image: { ...describedImage, rootDeviceName: "/dev/sda1" },
      fault: "it has no volume at its root device /dev/sda1; allowed: an EBS snapshot there",
    },
    {
      what: "no date",
      image: tagged("fleet:baked-at", undefined),
      fault: 'its tag fleet:baked-at is absent; allowed: a time such as "2026-01-31T12:00:00Z"',
    },
    {
      what: "a date that is none",
      image: tagged("fleet:baked-at", "2026-13-40T12:00:00Z"),
      fault: 'its tag fleet:baked-at is "2026-13-40T12:00:00Z"; allowed: a time such as "2026-01-31T12:00:00Z"',
    },
    {
      what: "a date to come",
      image: tagged("fleet:baked-at", "2026-11-21T00:05:01Z"),
      fault: 'its tag fleet:baked-at is "2026-11-21T00:05:01Z"; allowed: a time that has passed',
    },
  ];
  for (const one of cases)
    it(`refuses ${one.what}`, () =>
      assert.deepEqual(imageFaults(one.image, { ...expected, promotedFrom: one.promotedFrom }, now), [one.fault]));

  it("accepts a promoted image where promotion is asked for, and where it is not", () => {
    const promoted = tagged("fleet:promoted-from", "staging");
    assert.deepEqual(imageFaults(promoted, { ...expected, promotedFrom: "staging" }, now), []);
    assert.deepEqual(imageFaults(promoted, expected, now), []);
  });

  it("accepts a builder's clock that is a little ahead, and any age unless told", () => {
    assert.deepEqual(imageFaults(tagged("fleet:baked-at", "2026-11-21T00:05:00Z"), expected, now), []);
    assert.deepEqual(imageFaults(tagged("fleet:baked-at", "2016-11-21T00:00:00Z"), expected, now), []);
  });

  it("refuses an image that is a day too old, not one that is just old enough", () => {
    const aged = { ...expected, maxAgeDays: 10 };
    assert.deepEqual(imageFaults(tagged("fleet:baked-at", "2026-11-11T00:00:00Z"), aged, now), []);
    assert.deepEqual(imageFaults(tagged("fleet:baked-at", "2026-11-10T00:00:00Z"), aged, now), [
      "it was baked 11 days ago; allowed: at most 10 (image.maxAgeDays of the settings)",
    ]);
  });

  it("takes the facts from attributes and tags", () => assert.deepEqual(imageFacts(describedImage), image));
});

describe("components/baked-image", () => {
  const start = (answer: () => Record<string, unknown>) => startMocks({ [getAmi]: answer });
  const isRunError = (message: string | RegExp) => (error: unknown) => {
    assert.ok(pulumi.RunError.isInstance(error));
    if (typeof message === "string") assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  };

  it("asks for the one image of that id and owner, deprecated or not, and gives its facts", async () => {
    const recorder = await start(() => ({ ...describedImage }));
    const { facts } = new BakedImage("image", args);
    assert.deepEqual(await facts, image);
    await settled();
    assert.deepEqual(recorder.calls, [
      { token: getAmi, inputs: { owners: ["self"], filters: [{ name: "image-id", values: [image.id] }], includeDeprecated: true } },
    ]);
    assert.deepEqual(recorder.names(), ["fleet:components:BakedImage image"]);
    assert.deepEqual(recorder.one("fleet:components:BakedImage").inputs, args);
  });

  it("fails with every fault of the image in one message", async () => {
    await start(() => ({ ...describedImage, state: "failed", tags: { "fleet:architecture": "x86_64" } }));
    await assert.rejects(
      new BakedImage("image", args).facts,
      isRunError(
        [
          `Image ${image.id} is not what the settings say:`,
          '- its state is "failed"; allowed: "available"',
          '- its tag fleet:bake-type is absent; allowed: "t3.small" (image.bakeType of the settings)',
          '- its tag fleet:product is absent; allowed: "storefront" (fleet:product of the settings)',
          '- its tag fleet:baked-at is absent; allowed: a time such as "2026-01-31T12:00:00Z"',
          "Bake it again, or name another image in the fleet's image.id and image.bakeType.",
        ].join("\n"),
      ),
    );
    await settled();
  });

  it("says what to do when the image cannot be read", async () => {
    await start(() => {
      throw Object.assign(new Error(), { details: "Your query returned no results." }); // as gRPC has it
    });
    await assert.rejects(
      new BakedImage("image", args).facts,
      isRunError(
        /^Image ami-0123456789abcdef0 of owner self cannot be read in this region: .*no results.*\nCorrect the fleet's image\.id/s,
      ),
    );
    await settled();
  });
});

describe("components/baked-image: from a bake", () => {
  const sourceId = "ami-0fedcba9876543210";
  const variables = { source_image: sourceId, instance_type: "t3.small", recipe_revision: "4f1c2aa", product: "storefront" };
  const bake: BakeArgs = { variables, sourceOwner: "amazon", timeoutSeconds: 3600, region, accountId };
  const bakeArgs = { bake, owner: "self", bakeType: "t3.small", product: "storefront" };
  const source = { ...describedImage, id: sourceId, tags: {} };
  const imageIn = (inputs: Readonly<Record<string, unknown>>) =>
    (inputs["filters"] as readonly { readonly values: readonly string[] }[])[0]!.values[0];
  const start = (baked: Record<string, unknown> = { ...describedImage }, built: Record<string, unknown> = source) =>
    startMocks({
      [getAmi]: (inputs) => (imageIn(inputs) === sourceId ? { ...built } : baked),
    });

  it("runs the kept line with everything in its environment, again when the hash of the inputs changes", async () => {
    const recorder = await start();
    const { facts } = new BakedImage("image", bakeArgs);
    const { id, name, ownerId, bakedAt } = await facts;
    const told = await valueOf(pulumi.all([id, name, ownerId, bakedAt]));
    assert.deepEqual(told, [image.id, image.name, image.ownerId, image.bakedAt]);
    assert.deepEqual(
      { ...(await facts), id: image.id, name: image.name, ownerId: image.ownerId, bakedAt: image.bakedAt },
      {
        ...image,
        sourceImage: sourceId,
        recipeRevision: "4f1c2aa",
      },
    );
    await settled();
    const { inputs, name: commandName } = recorder.one("command:local:Command");
    assert.equal(commandName, "image-bake");
    const inputsHash = bakeHash(process.cwd(), variables);
    const { environment, ...lines } = inputs as { environment: Record<string, string> };
    const line = "node ops/state-command.js bake --v1";
    assert.deepEqual(lines, { create: line, update: line, triggers: [inputsHash] });
    assert.deepEqual(JSON.parse(environment["FLEET_BAKE"]!), {
      variables,
      sourceOwner: "amazon",
      inputsHash,
      region,
      accountId,
      timeoutSeconds: 3600,
    });
    assert.deepEqual(
      recorder.calls.map(({ inputs: { owners, filters } }) => ({ owners, id: imageIn({ filters }) })),
      [
        { owners: ["amazon"], id: sourceId },
        { owners: ["self"], id: image.id },
      ],
    );
  });

  it("says what cannot be built upon before anything runs", async () => {
    const recorder = await start(
      { ...describedImage },
      { ...source, state: "pending", architecture: "arm64", rootDeviceType: "instance-store" },
    );
    await assert.rejects(new BakedImage("image", bakeArgs).facts, (error: unknown) => {
      assert.ok(pulumi.RunError.isInstance(error));
      assert.equal(
        error.message,
        [
          `Nothing can be built upon source image ${sourceId}:`,
          '- its state is "pending"; allowed: "available"',
          '- its root device is of type "instance-store"; allowed: "ebs"',
          `- its architecture is "arm64"; allowed: "x86_64" (the bake type's)`,
          "Correct the fleet's image.bake.sourceImage and sourceOwner.",
        ].join("\n"),
      );
      return true;
    });
    await settled();
    assert.deepEqual(recorder.ofType("command:local:Command"), []);
  });

  it("names a script that is not there", async () => {
    await start();
    const missing = { ...bakeArgs, bake: { ...bake, variables: { ...variables, script: "bake/none.sh" } } };
    await assert.rejects(
      new BakedImage("image", missing).facts,
      /A file of the bake cannot be read: .*bake\/none\.sh.*image\.bake\.script/,
    );
    await settled();
  });

  it("takes an id or a bake, not both and not neither", async () => {
    await start();
    assert.throws(() => new BakedImage("one", { ...bakeArgs, imageId: image.id }), /needs imageId or bake, and not both/);
    assert.throws(() => new BakedImage("two", { ...bakeArgs, bake: undefined }), /needs imageId or bake/);
    await settled();
  });

  it("has another hash for other variables, other scripts and another script of yours", () => {
    const root = mkdtempSync(join(tmpdir(), "fleet-bake-"));
    try {
      mkdirSync(join(root, "packer/scripts"), { recursive: true });
      writeFileSync(join(root, "packer/scripts/a.sh"), "one");
      writeFileSync(join(root, "packer/README"), "one");
      writeFileSync(join(root, "mine.sh"), "one");
      const own = { ...variables, script: "mine.sh" };
      const first = bakeHash(root, own);
      assert.match(first, /^[0-9a-f]{64}$/);
      assert.equal(bakeHash(root, Object.fromEntries(Object.entries(own).reverse())), first);
      writeFileSync(join(root, "packer/README"), "two");
      assert.equal(bakeHash(root, own), first);
      const hashes = [first, bakeHash(root, variables), bakeHash(root, { ...own, recipe_revision: "5" })];
      writeFileSync(join(root, "mine.sh"), "two");
      hashes.push(bakeHash(root, own));
      writeFileSync(join(root, "packer/scripts/a.sh"), "two");
      hashes.push(bakeHash(root, own));
      assert.equal(new Set(hashes).size, 5);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

describe("components/every-fault", () => {
  it("gives all values in order", async () => {
    assert.deepEqual(await allOrEveryFault([Promise.resolve(1), "two", Promise.resolve([3])]), [1, "two", [3]]);
  });

  it("fails once, with the message of everything that failed", async () => {
    const failing = [Promise.reject(new Error("one")), Promise.resolve(2), Promise.reject(new Error("three"))];
    await assert.rejects(allOrEveryFault(failing), (error: unknown) => {
      assert.ok(pulumi.RunError.isInstance(error));
      assert.equal(error.message, "one\nthree");
      return true;
    });
  });
});
