/** The wire format in both directions against the official SDK: what it sends we read, what we write it reads. */
import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-auto-scaling";
import fc from "fast-check";
import { ApiError } from "../../../../../sandbox/aws/autoscaling/protocol/errors.ts";
import { page } from "../../../../../sandbox/aws/autoscaling/protocol/paging.ts";
import { parseInput } from "../../../../../sandbox/aws/autoscaling/protocol/parse.ts";
import { serialiseError, serialiseOutput } from "../../../../../sandbox/aws/autoscaling/protocol/serialise.ts";
import { serviceModel, shapeNamed, type Limits, type Shape } from "../../../../../sandbox/aws/autoscaling/protocol/shapes.ts";

function stringOf({ min = 0, max = 40, pattern, enum: allowed }: Limits): fc.Arbitrary<string> {
  if (allowed) return fc.constantFrom(...allowed);
  if (pattern === "^ami-[a-z0-9]{1,17}$") return fc.constantFrom("ami-1", "ami-0123456789abcdef0");
  const restricted = pattern !== undefined && !pattern.includes("\\uD7FF");
  const unit = fc.constantFrom(...Array.from(restricted ? "abzA09" : "abzA09-_/. <>&\"'+%=éα\n\t"));
  const string = fc.string({ unit, minLength: min, maxLength: Math.max(min, Math.min(max, min + 20)) });
  return string.map((value) => (value.trim() === "" ? "x".repeat(Math.max(1, min)) : value));
}

function valueOf(shape: Shape, depth: number): fc.Arbitrary<unknown> {
  switch (shape.type) {
    case "structure": {
      const members = Object.fromEntries(
        shape.members.map((member, index) => {
          const value = valueOf(shapeNamed(member.shape), depth + 1);
          // An empty structure leaves no trace in a query: inside another one, the first member is always there.
          return [
            member.name,
            member.required || (depth > 0 && index === 0) ? value : fc.option(value, { nil: undefined, freq: depth > 2 ? 1 : 3 }),
          ];
        }),
      );
      return fc.record(members).map((values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)));
    }
    case "list": {
      const min = Math.max(1, shape.limits.min ?? 1);
      return fc.array(valueOf(shapeNamed(shape.element), depth + 1), {
        minLength: min,
        maxLength: Math.min(shape.limits.max ?? 3, min + 2),
      });
    }
    case "string":
      return stringOf(shape.limits);
    case "integer":
      return fc.integer({ min: shape.limits.min ?? -5, max: shape.limits.max ?? 10_000 });
    case "double":
      return fc.double({ min: shape.limits.min ?? -1e6, max: 1e6, noNaN: true }).map((value) => value + 0);
    case "boolean":
      return fc.boolean();
    case "timestamp":
      return fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true });
  }
}

const inputOf = (operation: string) => {
  const name = serviceModel.operations.get(operation)?.input;
  return name === undefined ? fc.constant({}) : valueOf(shapeNamed(name), 0);
};

interface WireRequest {
  readonly body: string;
}

/** Runs an SDK command without a network; `answer` makes the response from what was sent. */
async function call(
  operation: string,
  input: unknown,
  answer: (request: WireRequest) => { status: number; body: string },
): Promise<unknown> {
  const client = new sdk.AutoScalingClient({
    region: "us-east-1",
    endpoint: "http://127.0.0.1:1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
    requestHandler: {
      handle: (request: WireRequest) => {
        const { status, body } = answer(request);
        return Promise.resolve({ response: { statusCode: status, headers: { "content-type": "text/xml" }, body: Buffer.from(body) } });
      },
    } as never,
  });
  const Command = (sdk as unknown as Record<string, new (input: unknown) => never>)[`${operation}Command`]!;
  const output = (await client.send(new Command(input))) as unknown as Record<string, unknown>;
  delete output["$metadata"];
  return output;
}

const operations = [...serviceModel.operations.keys()];

describe("wire format", () => {
  it("reads every input that the SDK sends", async () => {
    for (const operation of operations) {
      await fc.assert(
        fc.asyncProperty(inputOf(operation), async (input) => {
          let sent = new URLSearchParams();
          await call(operation, input, (request) => {
            sent = new URLSearchParams(request.body);
            return { status: 200, body: serialiseOutput(operation, undefined, "r") };
          });
          assert.equal(sent.get("Action"), operation);
          const read = parseInput(serviceModel.operations.get(operation)?.input, sent);
          assert.deepEqual(withoutEmpty(read), withoutEmpty(input));
        }),
        { numRuns: 8 },
      );
    }
  });

  it("writes every output so that the SDK reads it back", async () => {
    for (const operation of operations) {
      const shape = serviceModel.operations.get(operation)?.output;
      if (shape === undefined) continue;
      await fc.assert(
        fc.asyncProperty(valueOf(shapeNamed(shape), 0), async (output) => {
          const [sample] = fc.sample(inputOf(operation), { numRuns: 1, seed: 1 });
          const read = await call(operation, sample, () => ({ status: 200, body: serialiseOutput(operation, output, "r") }));
          assert.deepEqual(withoutEmpty(read), withoutEmpty(output));
        }),
        { numRuns: 8 },
      );
    }
  });

  it("writes an error that the SDK turns into its class", async () => {
    const error = new ApiError("ScalingActivityInProgress", `group <"a"> & b has a scaling activity in progress`);
    assert.equal(error.status, 400);
    await assert.rejects(
      call("DeleteAutoScalingGroup", { AutoScalingGroupName: "a" }, () => ({ status: error.status, body: serialiseError(error, "id-1") })),
      (thrown: unknown) =>
        thrown instanceof sdk.ScalingActivityInProgressFault && thrown.message === error.message && thrown.$metadata.httpStatusCode === 400,
    );
  });

  it("writes the documented XML", () => {
    assert.equal(
      serialiseOutput("DescribeTags", { Tags: [{ Key: "a&b", PropagateAtLaunch: true }] }, "id"),
      '<DescribeTagsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><DescribeTagsResult><Tags><member><Key>a&amp;b</Key>' +
        "<PropagateAtLaunch>true</PropagateAtLaunch></member></Tags></DescribeTagsResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DescribeTagsResponse>",
    );
    assert.equal(
      serialiseOutput("SetDesiredCapacity", undefined, "id"),
      '<SetDesiredCapacityResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></SetDesiredCapacityResponse>',
    );
    assert.equal(
      serialiseError(new ApiError("InternalFailure", "x"), "id"),
      '<ErrorResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><Error><Type>Receiver</Type><Code>InternalFailure</Code><Message>x</Message></Error><RequestId>id</RequestId></ErrorResponse>',
    );
  });
});

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !(value instanceof Date);
/** White space alone reads as nothing in the SDK; an empty text or structure is not written by it. */
const empty = (value: unknown) =>
  value === undefined ||
  (typeof value === "string" && value.trim() === "") ||
  (Array.isArray(value) && value.length === 0) ||
  (isRecord(value) && Object.keys(value).length === 0);
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => (empty(item) ? "" : withoutEmpty(item)));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, withoutEmpty(item)] as const)
      .filter(([, item]) => !empty(item)),
  );
}

describe("input parameters", () => {
  const parse = (shape: string, query: string) => parseInput(shape, new URLSearchParams(query));
  const refused = (shape: string, query: string) => {
    try {
      parse(shape, query);
    } catch (error) {
      assert.ok(error instanceof ApiError);
      return `${error.code}: ${error.message}`;
    }
    return assert.fail(`${query} was taken`);
  };

  it("lists every broken limit with its member", () => {
    assert.equal(
      refused("CreateAutoScalingGroupType", "AutoScalingGroupName=&MinSize=one&DeletionProtection=maybe&Tags.member.1.Value=v"),
      "ValidationError: 5 validation errors detected: " +
        "Value '' at 'autoScalingGroupName' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
        "Value 'one' at 'minSize' failed to satisfy constraint: Member must be a 32-bit integer; " +
        "Value null at 'maxSize' failed to satisfy constraint: Member must not be null; " +
        "Value 'maybe' at 'deletionProtection' failed to satisfy constraint: Member must satisfy enum value set: [none, prevent-force-deletion, prevent-all-deletion]; " +
        "Value null at 'tags.1.member.key' failed to satisfy constraint: Member must not be null",
    );
    assert.equal(
      refused("SetDesiredCapacityType", "AutoScalingGroupName=g&DesiredCapacity=1.5"),
      "ValidationError: 1 validation error detected: Value '1.5' at 'desiredCapacity' failed to satisfy constraint: Member must be a 32-bit integer",
    );
    assert.match(
      refused("StartInstanceRefreshType", "AutoScalingGroupName=g&Preferences.MinHealthyPercentage=101"),
      /'preferences.minHealthyPercentage'.*less than or equal to 100$/,
    );
    assert.match(
      refused("PutScheduledUpdateGroupActionType", "AutoScalingGroupName=g&ScheduledActionName=s&StartTime=soon"),
      /'startTime'.*ISO 8601/,
    );
    assert.match(
      refused("SetDesiredCapacityType", "AutoScalingGroupName=g&DesiredCapacity=1&HonorCooldown=yes"),
      /'honorCooldown'.*true or false$/,
    );
  });

  it("refuses names that the operation lacks, doubled names and broken list indexes", () => {
    assert.equal(
      refused("SetDesiredCapacityType", "AutoScalingGroupName=g&DesiredCapacity=1&Desired=2"),
      "InvalidQueryParameter: The parameter Desired is not recognized",
    );
    assert.match(
      refused("SetDesiredCapacityType", "AutoScalingGroupName=g&AutoScalingGroupName=h"),
      /^InvalidQueryParameter: .* given twice$/,
    );
    assert.match(
      refused("AutoScalingGroupNamesType", "AutoScalingGroupNames.member.x=g"),
      /^InvalidQueryParameter: autoScalingGroupNames: x /,
    );
    assert.match(refused("AutoScalingGroupNamesType", "AutoScalingGroupNames.1=g"), /^InvalidQueryParameter/);
  });

  it("takes an empty value as an empty list, members in the order of their numbers, and epoch seconds", () => {
    assert.deepEqual(parse("AutoScalingGroupNamesType", "AutoScalingGroupNames="), { AutoScalingGroupNames: [] });
    assert.deepEqual(parse("AutoScalingGroupNamesType", "AutoScalingGroupNames.member.10=b&AutoScalingGroupNames.member.9=a"), {
      AutoScalingGroupNames: ["a", "b"],
    });
    assert.deepEqual(parse("DescribeScheduledActionsType", "StartTime=1700000000.5"), { StartTime: new Date(1_700_000_000_500) });
  });
});

describe("pages", () => {
  const limits = { usual: 2, most: 3 };
  const key = (item: string) => item;

  it("give each record once, also when records come and go between them", () => {
    const first = page("list", ["a", "b", "c", "d"], key, {}, limits);
    assert.deepEqual(first.items, ["a", "b"]);
    const second = page("list", ["aa", "c", "d", "e"], key, { NextToken: first.NextToken }, limits);
    assert.deepEqual(second.items, ["c", "d"]);
    const third = page("list", ["c", "d", "e"], key, { NextToken: second.NextToken, MaxRecords: 3 }, limits);
    assert.deepEqual(third, { items: ["e"] });
  });

  it("go backwards for lists that show the newest first", () => {
    const first = page("list", ["d", "c", "b", "a"], key, {}, limits, "newest first");
    const next = (items: string[]) => page("list", items, key, { NextToken: first.NextToken }, limits, "newest first").items;
    assert.deepEqual(next(["e", "d", "c", "b", "a"]), ["b", "a"]);
    assert.deepEqual(next(["e", "d"]), []);
  });

  it("refuse a size outside the limits and a token of another list", () => {
    const code = (request: { MaxRecords?: number; NextToken?: string }) => {
      try {
        page("list", ["a", "b", "c"], key, request, limits);
      } catch (error) {
        return (error as ApiError).code;
      }
      return undefined;
    };
    assert.equal(code({ MaxRecords: 0 }), "ValidationError");
    assert.equal(code({ MaxRecords: 4 }), "ValidationError");
    assert.equal(code({ MaxRecords: 3 }), undefined);
    assert.equal(code({ NextToken: "garbage" }), "InvalidNextToken");
    assert.equal(code({ NextToken: page("other", ["a", "b", "c"], key, {}, limits).NextToken! }), "InvalidNextToken");
  });
});
