/** Balance over zones: https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html and ec2-auto-scaling-availability-zone-balanced.html */
import assert from "node:assert/strict";
import { noticeEvents } from "../../contract/notices.ts";
import { Host, hours, minutes, seconds, topicArn } from "./helpers.ts";

const resize = (host: Host, desiredCapacity: number) => host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity }));
const noCapacity = {
  code: "InsufficientInstanceCapacity",
  message: "We currently do not have sufficient m5.large capacity in the Availability Zone you requested",
};

describe("zones", () => {
  it("are filled from the emptiest and emptied from the fullest", () => {
    const host = new Host();
    host.create({ desiredCapacity: 5 });
    host.pass(minutes(1));
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 2, "eu-central-1b": 2, "eu-central-1c": 1 });
    resize(host, 3);
    host.pass(minutes(1));
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 1, "eu-central-1b": 1, "eu-central-1c": 1 });
  });

  it("with several subnets use them in turn", () => {
    const host = new Host();
    host.model.setSubnet({ subnetId: "subnet-a2", zone: "eu-central-1a" });
    host.create({ subnetIds: ["subnet-a", "subnet-a2"], desiredCapacity: 4 });
    host.pass(minutes(1));
    const subnets = host.instances().map((instance) => instance.subnetId);
    assert.deepEqual(new Set(subnets), new Set(["subnet-a", "subnet-a2"]));
  });

  it("whose subnet is gone are left out, and filled again when it is back", () => {
    const host = new Host();
    host.create({ desiredCapacity: 0 });
    host.model.removeSubnet("subnet-c");
    resize(host, 6);
    host.pass(minutes(5));
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 3, "eu-central-1b": 3 });
    assert.equal(host.model.activities({}).length, 6);
    host.do((model) => model.setSubnet({ subnetId: "subnet-c", zone: "eu-central-1c" }));
    host.pass(minutes(5));
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 2, "eu-central-1b": 2, "eu-central-1c": 2 });
  });

  it("that cannot launch are replaced by the others, activities say why, and balance returns", () => {
    const host = new Host();
    host.create({ desiredCapacity: 0 });
    host.do((model) => model.putNotificationConfiguration({ group: "web", topicArn, events: [noticeEvents.launchError] }));
    host.launchFault = ({ zone }) => (zone === "eu-central-1c" ? noCapacity : undefined);
    resize(host, 6);
    host.pass(seconds(20));
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 3, "eu-central-1b": 3 });
    const failed = host.model.activities({}).filter((activity) => activity.status === "Failed");
    assert.equal(failed.length, 2);
    assert.equal(failed[0]!.statusMessage, `${noCapacity.message}. Launching EC2 instance failed.`);
    assert.equal(host.noticesOf(noticeEvents.launchError).length, 2);
    host.pass(minutes(10)); // it is tried again, ever more seldom, and never at the cost of what serves
    assert.equal(host.inService().length, 6);
    const attempts = host.ofKind("launch").filter((effect) => effect.zone === "eu-central-1c").length;
    assert.ok(attempts >= 3 && attempts <= 7, `${attempts} attempts`);
    host.launchFault = () => undefined;
    host.pass(hours(1));
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 2, "eu-central-1b": 2, "eu-central-1c": 2 });
    const causes = host.model.activities({}).map((activity) => activity.cause);
    assert.ok(
      causes.some((cause) =>
        /availability zones eu-central-1a eu-central-1b eu-central-1c had 3 3 0 instances respectively\. An instance was launched to aid in balancing the group's zones\.$/.test(
          cause,
        ),
      ),
    );
    assert.ok(
      causes.some((cause) =>
        /instances were launched to balance instances in zones eu-central-1[ab] with other zones resulting in more than desired number of instances in the group\. {2}At .* was selected for termination\.$/.test(
          cause,
        ),
      ),
    );
  });

  it("are waited for with balanced-only", () => {
    const host = new Host();
    host.create({ capacityDistributionStrategy: "balanced-only" });
    host.launchFault = ({ zone }) => (zone === "eu-central-1c" ? noCapacity : undefined);
    resize(host, 6);
    host.pass(seconds(20));
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 2, "eu-central-1b": 2 });
    host.launchFault = () => undefined;
    host.pass(minutes(5));
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 2, "eu-central-1b": 2, "eu-central-1c": 2 });
  });

  it("that are left lose their instances, each replaced before it goes", () => {
    const host = new Host();
    host.create({ desiredCapacity: 3, subnetIds: ["subnet-a"] });
    host.pass(minutes(1));
    let least = 3;
    host.onStep = () => (least = Math.min(least, host.inService().length));
    host.do((model) => model.updateGroup({ name: "web", subnetIds: ["subnet-b", "subnet-c"] }));
    host.pass(minutes(3));
    assert.deepEqual(host.statesByZone(), { "eu-central-1b": 2, "eu-central-1c": 1 });
    assert.equal(least, 3);
    assert.deepEqual(host.group().availabilityZones, ["eu-central-1b", "eu-central-1c"]);
  });

  it("stay as they are while AZRebalance is suspended, and are balanced on resuming", () => {
    const host = new Host();
    host.create({ desiredCapacity: 3, subnetIds: ["subnet-a"] });
    host.pass(minutes(1));
    host.do((model) => model.suspendProcesses({ group: "web", processes: ["AZRebalance"] }));
    host.do((model) => model.updateGroup({ name: "web", subnetIds: ["subnet-a", "subnet-b"] }));
    host.pass(minutes(3));
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 3 });
    resize(host, 4); // a scale-out still goes to the emptiest zone
    host.pass(minutes(1));
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 3, "eu-central-1b": 1 });
    host.do((model) => model.resumeProcesses({ group: "web", processes: ["AZRebalance"] }));
    host.pass(minutes(1));
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 2, "eu-central-1b": 2 });
  });

  it("are not emptied of protected instances", () => {
    const host = new Host();
    host.create({ desiredCapacity: 3, subnetIds: ["subnet-a"], newInstancesProtectedFromScaleIn: true });
    host.pass(minutes(1));
    host.do((model) => model.updateGroup({ name: "web", subnetIds: ["subnet-a", "subnet-b"] }));
    host.pass(minutes(5));
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 3 });
  });

  it("of a mixed group give up an instance for one of the same purchase option, and come to rest", () => {
    const mixed = (onDemandPercentageAboveBaseCapacity: number) => ({
      mixedInstancesPolicy: {
        launchTemplate: { launchTemplateSpecification: { launchTemplateId: "lt-1", version: "1" } },
        instancesDistribution: { onDemandBaseCapacity: 1, onDemandPercentageAboveBaseCapacity },
      },
    });
    const host = new Host();
    host.create({ desiredCapacity: 3, ...mixed(0) });
    host.pass(seconds(18));
    resize(host, 6);
    host.do((model) => model.updateGroup({ name: "web", ...mixed(50) }));
    const [{ instanceId } = { instanceId: "" }] = host.instances();
    host.do((model) => model.terminateInstance({ instanceId, shouldDecrementDesiredCapacity: false }));
    host.pass(minutes(5));
    assert.deepEqual(host.statesByZone(), { "eu-central-1a": 2, "eu-central-1b": 2, "eu-central-1c": 2 });
    assert.equal(host.inService().filter(({ market }) => market === "on-demand").length, 4);
    const before = host.model.activities({}).length;
    host.pass(hours(1));
    assert.equal(host.model.activities({}).length, before);
  });

  it("launch from other pools of a mixed group before other zones", () => {
    const host = new Host();
    host.create({
      subnetIds: ["subnet-a"],
      mixedInstancesPolicy: {
        launchTemplate: {
          launchTemplateSpecification: { launchTemplateId: "lt-1" },
          overrides: [{ instanceType: "m5.large" }, { instanceType: "m6i.large" }],
        },
      },
    });
    host.launchFault = ({ instanceType }) => (instanceType === "m5.large" ? noCapacity : undefined);
    resize(host, 2);
    host.pass(seconds(20));
    assert.deepEqual(
      host.instances().map((instance) => instance.instanceType),
      ["m6i.large", "m6i.large"],
    );
  });
});

describe("a group whose launches all fail", () => {
  it("backs off, says why, and has Launch suspended after a day", () => {
    const host = new Host();
    host.create({ maxSize: 3 });
    host.launchFault = () => ({ code: "InvalidSubnetID.NotFound", message: "The subnet ID 'subnet-a' does not exist" });
    resize(host, 1);
    host.pass(hours(24) - seconds(10));
    assert.deepEqual(host.group().suspendedProcesses, []);
    host.pass(minutes(1));
    assert.match(host.group().suspendedProcesses[0]!.reason, /^AdministrativeSuspension/);
    const attempts = host.ofKind("launch").length;
    assert.ok(attempts < 320, `${attempts} attempts`); // three zones, a quarter of an hour between attempts at most
    host.pass(hours(5));
    assert.equal(host.ofKind("launch").length, attempts);
    host.launchFault = () => undefined;
    host.do((model) => model.resumeProcesses({ group: "web", processes: ["Launch"] }));
    host.pass(hours(1));
    assert.equal(host.inService().length, 1);
  });

  it("because its template is gone fails with that reason, and recovers", () => {
    const host = new Host();
    host.create();
    host.model.removeLaunchTemplate("lt-1");
    resize(host, 1);
    const [activity] = host.model.activities({});
    assert.deepEqual(
      [activity!.status, activity!.statusMessage],
      ["Failed", "The specified launch template does not exist. Launching EC2 instance failed."],
    );
    host.template("lt-1", "app", 1);
    host.pass(minutes(2));
    assert.equal(host.inService().length, 1);
  });
});
