import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import * as sdk from "@aws-sdk/client-auto-scaling";

/** The service in a child process. */
export class Service {
  readonly #child: ChildProcess;
  readonly client: sdk.AutoScalingClient;
  private constructor(child: ChildProcess, endpoint: string) {
    this.#child = child;
    this.client = new sdk.AutoScalingClient({
      endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "A", secretAccessKey: "s" },
      maxAttempts: 1,
    });
  }

  static async start(motoUrl: string, state: string): Promise<Service> {
    const child = spawn(process.execPath, [join(import.meta.dirname, "service-process.ts"), motoUrl, state], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const url = await new Promise<string>((resolve) =>
      child.stdout.setEncoding("utf8").once("data", (text: string) => resolve(text.trim())),
    );
    return new Service(child, url);
  }

  /** Kill -9, in the middle of whatever it does. */
  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await gone;
    this.client.destroy();
  }

  async group(): Promise<sdk.AutoScalingGroup> {
    const { AutoScalingGroups } = await this.client.send(new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ["g"] }));
    return AutoScalingGroups![0]!;
  }

  /** Waits until the group has exactly so many instances, all in service. */
  async reaches(size: number): Promise<string[]> {
    for (;;) {
      const { Instances = [] } = await this.group();
      if (Instances.length === size && Instances.every(({ LifecycleState }) => LifecycleState === "InService"))
        return Instances.map(({ InstanceId }) => InstanceId!).sort();
      await setTimeout(50);
    }
  }

  size(DesiredCapacity: number) {
    return this.client.send(new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: "g", DesiredCapacity }));
  }
}
