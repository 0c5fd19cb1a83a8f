/** Functions, reads, providers, assets and the shapes of stack outputs. */
import * as pulumi from "@pulumi/pulumi";

class Thing extends pulumi.CustomResource {
  declare readonly arn: pulumi.Output<string>;
  declare readonly said: pulumi.Output<string>;
  constructor(name: string, inputs: pulumi.Inputs, options?: pulumi.CustomResourceOptions) {
    super("test:index:Thing", name, { ...inputs, arn: undefined, said: undefined }, options);
  }
}

class Provider extends pulumi.ProviderResource {
  constructor(name: string, inputs: pulumi.Inputs) {
    super("test", name, inputs);
  }
}

class Group extends pulumi.ComponentResource {
  constructor(name: string, options: pulumi.ComponentResourceOptions) {
    super("test:components:Group", name, {}, options);
    new Thing(`${name}-child`, {}, { parent: this });
    this.registerOutputs();
  }
}

const config = new pulumi.Config();
const made = new Thing("made", { name: "made" });
new Thing("keeper", { password: config.requireSecret("password") });
const first = (await pulumi.runtime.invoke("test:index:echo", { say: "early" })) as { said: string };
const later = pulumi.runtime.invokeOutput<{ said: string }>("test:index:echo", { say: made.arn });
new Thing("uses-invoke", { heard: later.said });

const existing = new Thing("existing", {}, { id: made.id });
new Thing("uses-existing", { of: existing.arn });

const account = new Provider("second", { account: "222", token: config.requireSecret("password") });
new Thing("elsewhere", {}, { provider: account });
new Group("group", { providers: [account] });

new Thing("bundle", {
  code: new pulumi.asset.FileArchive("./files"),
  text: new pulumi.asset.StringAsset("some text"),
  file: new pulumi.asset.FileAsset("./files/hello.txt"),
  mixed: new pulumi.asset.AssetArchive({ a: new pulumi.asset.StringAsset("a"), dir: new pulumi.asset.FileArchive("./files") }),
});

export const early = first.said;
export const late = later.said;
export const read = existing.arn;
export const region = new pulumi.Config("test").get("region");
export const nested = { list: [1, made.arn], nothing: undefined };
export const hidden = pulumi.secret({ a: 1 });
// What the SDK needs for this is loaded when it is first used.
export const text = pulumi.runtime.serializeFunction(() => 6 * 7).then(({ text }) => text.includes("6 * 7"));
