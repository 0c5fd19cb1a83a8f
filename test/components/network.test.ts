import assert from "node:assert/strict";
import { lookUpNetwork, networkFaults } from "../../components/network.ts";
import { startMocks } from "./helpers/mocks.ts";

const getSubnets = "aws:ec2/getSubnets:getSubnets";
const getSubnet = "aws:ec2/getSubnet:getSubnet";
const vpcId = "vpc-0123456789abcdef0";

describe("components/network", () => {
  it("finds the subnets of a VPC, in the same order every time", async () => {
    const recorder = await startMocks({ [getSubnets]: () => ({ ids: ["subnet-b", "subnet-a"], id: "x" }) });
    assert.deepEqual(await lookUpNetwork({ vpcId, subnetTags: { tier: "private" } }), { vpcId, subnetIds: ["subnet-a", "subnet-b"] });
    assert.deepEqual(recorder.calls, [
      { token: getSubnets, inputs: { filters: [{ name: "vpc-id", values: [vpcId] }], tags: { tier: "private" } } },
    ]);
  });

  it("finds the VPC of subnets", async () => {
    await startMocks({ [getSubnet]: ({ id }) => ({ id, vpcId }) });
    assert.deepEqual(await lookUpNetwork({ subnetIds: ["subnet-b", "subnet-a"] }), { vpcId, subnetIds: ["subnet-b", "subnet-a"] });
  });

  it("refuses a VPC without such subnets, and subnets of two VPCs", async () => {
    await startMocks({ [getSubnets]: () => ({ ids: [] }), [getSubnet]: ({ id }) => ({ id, vpcId: `vpc-of-${String(id)}` }) });
    await assert.rejects(lookUpNetwork({ vpcId, subnetTags: { tier: "private" } }), {
      message: `${vpcId} has no subnet with the tags {"tier":"private"} in this region; correct network.vpcId or network.subnetTags, or name network.subnetIds`,
    });
    await assert.rejects(lookUpNetwork({ subnetIds: ["a", "b"] }), {
      message: "The network of the settings does not fit together:\n- network.subnetIds: b lies in vpc-of-b; allowed: subnets of vpc-of-a",
    });
    await assert.rejects(lookUpNetwork({}), { message: "The network has neither vpcId nor subnetIds; name one of them in network" });
  });

  it("names every subnet that lies outside the given VPC", () => {
    const subnets = [
      { id: "a", vpcId: "vpc-1" },
      { id: "b", vpcId: "vpc-2" },
      { id: "c", vpcId: "vpc-1" },
    ];
    assert.deepEqual(networkFaults(subnets, "vpc-2"), [
      "- network.subnetIds: a lies in vpc-1; allowed: subnets of vpc-2",
      "- network.subnetIds: c lies in vpc-1; allowed: subnets of vpc-2",
    ]);
  });
});
