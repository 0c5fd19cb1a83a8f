/** STS at the endpoint: who calls is known here for roles of instances and functions, whose keys the emulator never made. */
import type { AwsReply, AwsRequest, AwsService } from "../service.ts";
import type { Sessions } from "./sessions.ts";

export class StsService implements AwsService {
  readonly signingName = "sts";
  readonly #emulated: AwsService;
  readonly #sessions: Sessions;

  constructor(emulated: AwsService, sessions: Sessions) {
    this.#emulated = emulated;
    this.#sessions = sessions;
  }

  handle(request: AwsRequest): Promise<AwsReply> {
    const session = this.#sessions.get(request.accessKeyId);
    const isOwn =
      session !== undefined &&
      /(^|[?&])Action=GetCallerIdentity(&|$)/.test(request.method === "GET" ? request.url : request.body.toString("utf8"));
    if (!isOwn) return this.#emulated.handle(request);
    const { accountId, requestId } = request;
    const body =
      `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>` +
      `<Arn>arn:aws:sts::${accountId}:assumed-role/${session.roleName}/${session.sessionName}</Arn>` +
      `<UserId>AROALOCAL:${session.sessionName}</UserId><Account>${accountId}</Account></GetCallerIdentityResult>` +
      `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></GetCallerIdentityResponse>`;
    return Promise.resolve({ status: 200, headers: { "content-type": "text/xml" }, body });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
