/** AWS errors, written the way each protocol writes them. */
import { cbor } from "@smithy/core/cbor";
import type { AwsReply } from "../service.ts";
import type { Protocol } from "./route.ts";

/** An error answer of a service, with AWS's own code. */
export class ServiceError extends Error {
  override name = "ServiceError";
  readonly code: string;
  readonly status: number;
  /** Other code, for protocols that carry the Query code in a header beside the shape's name. */
  readonly shape: string;

  constructor(code: string, message: string, status = 400, shape = code) {
    super(message);
    this.code = code;
    this.status = status;
    this.shape = shape;
  }
}

const xmlEscapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

/** Text for XML; characters that XML 1.0 cannot hold are left out. */
export function xmlText(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "").replace(/[&<>"']/g, (one) => xmlEscapes[one] ?? one);
}

export function errorReply(protocol: Protocol, error: ServiceError, requestId: string): AwsReply {
  const fault = error.status < 500 ? "Sender" : "Receiver";
  const queryError = `${error.code};${fault}`;
  const common = { "x-amzn-requestid": requestId };
  switch (protocol) {
    case "cbor":
      return {
        status: error.status,
        headers: { ...common, "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor", "x-amzn-query-error": queryError },
        body: Buffer.from(cbor.serialize({ __type: error.shape, message: error.message })),
      };
    case "json":
    case "rest":
      return {
        status: error.status,
        headers: {
          ...common,
          "content-type": protocol === "json" ? "application/x-amz-json-1.0" : "application/json",
          "x-amzn-errortype": error.shape,
          "x-amzn-query-error": queryError,
        },
        body: JSON.stringify({ __type: error.shape, message: error.message, Message: error.message }),
      };
    case "ec2":
      return {
        status: error.status,
        headers: { ...common, "content-type": "text/xml" },
        body:
          `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>${xmlText(error.code)}</Code>` +
          `<Message>${xmlText(error.message)}</Message></Error></Errors><RequestID>${requestId}</RequestID></Response>`,
      };
    case "query":
      return {
        status: error.status,
        headers: { ...common, "content-type": "text/xml" },
        body:
          `<ErrorResponse><Error><Type>${fault}</Type><Code>${xmlText(error.code)}</Code>` +
          `<Message>${xmlText(error.message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
      };
  }
}
