/** Systems Manager with associations, which the local AWS does not have: those are kept here, everything else is passed on. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

interface Association {
  readonly AssociationId: string;
  readonly Tags?: readonly unknown[];
  readonly [parameter: string]: unknown;
}

type Body = Record<string, unknown>;

export interface AssociationsDouble {
  readonly endpoint: string;
  stop(): Promise<void>;
}

class Store {
  readonly #associations = new Map<string, Association>();

  /** Undefined = none of ours. */
  answer(operation: string, body: Body): { status: number; body: Body } | undefined {
    if (operation.endsWith("TagsForResource") || operation.endsWith("TagsToResource"))
      return body["ResourceType"] === "Association"
        ? { status: 200, body: { TagList: this.#find(body["ResourceId"])?.Tags ?? [] } }
        : undefined;
    if (operation === "CreateAssociation") {
      const AssociationId = `00000000-0000-4000-8000-${String(this.#associations.size).padStart(12, "0")}`;
      return this.#put({ ...body, AssociationId });
    }
    if (operation === "ListAssociations") return { status: 200, body: { Associations: [...this.#associations.values()] } };
    if (!operation.endsWith("Association")) return undefined;
    const association = this.#find(body["AssociationId"]);
    if (association === undefined) return { status: 400, body: { __type: "AssociationDoesNotExist", message: "no such association" } };
    if (operation === "DescribeAssociation") return { status: 200, body: { AssociationDescription: association } };
    // An update forgets what it does not name.
    if (operation === "UpdateAssociation")
      return this.#put({ ...body, AssociationId: association.AssociationId, Tags: association.Tags ?? [] });
    this.#associations.delete(association.AssociationId);
    return { status: 200, body: {} };
  }

  #find(id: unknown): Association | undefined {
    return this.#associations.get(id as string);
  }

  #put(association: Association) {
    this.#associations.set(association.AssociationId, association);
    return { status: 200, body: { AssociationDescription: association } };
  }
}

export async function startAssociationsDouble(behind: string): Promise<AssociationsDouble> {
  const store = new Store();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const operation = String(request.headers["x-amz-target"]).split(".").at(-1)!;
      const own = store.answer(operation, JSON.parse(body.toString() || "{}") as Body);
      if (own !== undefined) {
        response.writeHead(own.status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(own.body));
        return;
      }
      const headers = Object.fromEntries(
        Object.entries(request.headers).flatMap(([key, value]) =>
          typeof value === "string" && !/^(host|content-length|connection)$/.test(key) ? [[key, value]] : [],
        ),
      );
      void fetch(behind, { method: "POST", headers, body }).then(async (answer) => {
        response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.1" }).end(Buffer.from(await answer.arrayBuffer()));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
