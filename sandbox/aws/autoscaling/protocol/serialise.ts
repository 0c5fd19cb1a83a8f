/** Typed outputs and errors into the XML of the Query protocol. https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
import type { ApiError } from "./errors.ts";
import { serviceModel, shapeNamed, type Shape } from "./shapes.ts";

const namespace = "http://autoscaling.amazonaws.com/doc/2011-01-01/";

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;" };
// XML 1.0 has no place for most control characters, not even as references.
// eslint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const escape = (text: string) => text.replace(unprintable, "").replace(/[&<>"\r]/g, (character) => entities[character] ?? character);

const element = (name: string, content: string) => (content === "" ? `<${name}/>` : `<${name}>${content}</${name}>`);

function scalar(shape: Shape, value: unknown): string {
  if (value instanceof Date) return value.toISOString().replace(".000Z", "Z");
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return escape(String(value));
  throw new TypeError(`a ${shape.type} cannot hold ${JSON.stringify(value)}`);
}

/** The content of an element of that shape; members that are undefined are left out. */
function content(shape: Shape, value: unknown): string {
  if (shape.type === "structure") {
    const fields = value as Readonly<Record<string, unknown>>;
    let text = "";
    for (const member of shape.members) {
      const field = fields[member.name];
      if (field !== undefined) text += element(member.wireName, content(shapeNamed(member.shape), field));
    }
    return text;
  }
  if (shape.type === "list") {
    const items = shapeNamed(shape.element);
    return (value as readonly unknown[]).map((item) => element(shape.elementName, content(items, item))).join("");
  }
  return scalar(shape, value);
}

const metadata = (requestId: string) => `<ResponseMetadata><RequestId>${escape(requestId)}</RequestId></ResponseMetadata>`;

/** `<XResponse><XResult>…</XResult><ResponseMetadata>…`; operations without an output have no result element. */
export function serialiseOutput(action: string, output: unknown, requestId: string): string {
  const shape = serviceModel.operations.get(action)?.output;
  const result = shape === undefined ? "" : element(`${action}Result`, content(shapeNamed(shape), output ?? {}));
  return `<${action}Response xmlns="${namespace}">${result}${metadata(requestId)}</${action}Response>`;
}

export function serialiseError(error: ApiError, requestId: string): string {
  const type = error.status >= 500 ? "Receiver" : "Sender";
  return (
    `<ErrorResponse xmlns="${namespace}"><Error><Type>${type}</Type><Code>${escape(error.code)}</Code>` +
    `<Message>${escape(error.message)}</Message></Error><RequestId>${escape(requestId)}</RequestId></ErrorResponse>`
  );
}
