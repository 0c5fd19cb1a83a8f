/** What the endpoint hands to a service of ours, and what it wants back. */

/** One request, its body read, routed by the service in its signature (or by its path where a protocol carries none). */
export interface AwsRequest {
  /** Service name of the signature's scope: `autoscaling`, `monitoring`, `ssm` … */
  readonly service: string;
  readonly region: string;
  /** Twelve digits. */
  readonly accountId: string;
  /** Access key of the signature; the endpoint knows which role's session it belongs to. */
  readonly accessKeyId: string;
  /** Name of the role whose session signed, when there is one. */
  readonly roleName: string | undefined;
  readonly requestId: string;
  readonly method: string;
  /** Path with query string, as received. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface AwsReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** A service that runs inside the endpoint's process. */
export interface AwsService {
  /** Name in the signature's scope. */
  readonly signingName: string;
  handle(request: AwsRequest): Promise<AwsReply>;
  /** Every call that passed the endpoint to another service, after its answer; for example TerminateInstances. */
  observe?(call: ObservedCall): void;
  /** Stops timers and writes what must survive. */
  close(): Promise<void>;
}

/** A call that the endpoint saw pass. */
export interface ObservedCall {
  readonly service: string;
  /** API action, for example `TerminateInstances`. */
  readonly action: string;
  readonly roleName: string | undefined;
  readonly request: AwsRequest;
  readonly status: number;
  readonly responseBody: Buffer;
}
