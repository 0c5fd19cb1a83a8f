import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { tagKeys } from "../contract/tags.ts";
import { typeTokens } from "../contract/type-tokens.ts";
import type { ManagedNodeArgs } from "./boot/args.ts";
import { associationName } from "./boot/values.ts";
import type { FleetIdentity } from "./fleet-args.ts";
import { fleetTags, stackTags } from "./tags.ts";

export interface ManagedNodeLayerArgs extends Pick<ManagedNodeArgs, "source" | "runList" | "chefVersion" | "schedule"> {
  readonly identity: FleetIdentity;
  /** Prefix of the fleet, from which the association has its name. */
  readonly prefix: string;
}

/** AWS's own document that fetches cookbooks and runs Chef in local mode. https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-state-manager-chef.html */
const document = "AWS-ApplyChefRecipes";

/**
 * A layer of managed nodes: which recipes run on the instances of one fleet. An instance belongs to it by its tags: product,
 * environment, platform and major version from its launch, the layer's own from its boot. Stands before the group, so that
 * the first instance finds it.
 */
export class ManagedNodeLayer extends pulumi.ComponentResource {
  readonly associationName: string;
  /** What has to stand before the group. */
  readonly before: readonly pulumi.Resource[];

  constructor(name: string, args: ManagedNodeLayerArgs, opts?: pulumi.ComponentResourceOptions) {
    super(typeTokens.managedNodeLayer, name, args, opts);
    this.associationName = associationName(args.prefix);
    this.before = [createAssociation(name, this.associationName, args, this)];
    this.registerOutputs({ associationName: this.associationName });
  }
}

/** Targets that an association has: five at most, and a node must match all of them. */
function layerTargets(identity: FleetIdentity): aws.types.input.ssm.AssociationTarget[] {
  const tags = { ...stackTags(identity), [tagKeys.layer]: identity.fleet };
  return Object.entries(tags).map(([key, value]) => ({ key: `tag:${key}`, values: [value] }));
}

function createAssociation(name: string, association: string, args: ManagedNodeLayerArgs, parent: pulumi.Resource): aws.ssm.Association {
  const { source, runList, chefVersion, schedule } = args;
  return new aws.ssm.Association(
    `${name}-association`,
    {
      name: document,
      associationName: association,
      targets: layerTargets(args.identity),
      scheduleExpression: schedule,
      parameters: {
        SourceType: source.type,
        SourceInfo: JSON.stringify(source.info),
        RunList: runList.join(","),
        ChefClientVersion: chefVersion,
      },
      tags: fleetTags(args.identity),
    },
    { parent },
  );
}
