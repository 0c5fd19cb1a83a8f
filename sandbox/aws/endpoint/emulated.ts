/** A service that an emulator has: passed on as it is, or answered with why it cannot be. */
import type { Emulator } from "../emulators/emulator.ts";
import type { AwsReply, AwsRequest, AwsService } from "../service.ts";
import { ServiceError } from "./errors.ts";
import type { Forwarder } from "./forward.ts";

export class EmulatedService implements AwsService {
  readonly signingName: string;
  readonly #emulator: Emulator;
  readonly #forwarder: Forwarder;

  constructor(signingName: string, emulator: Emulator, forwarder: Forwarder) {
    this.signingName = signingName;
    this.#emulator = emulator;
    this.#forwarder = forwarder;
  }

  async handle(request: AwsRequest): Promise<AwsReply> {
    const fault = this.#emulator.fault;
    if (fault !== undefined) throw new ServiceError("ServiceUnavailable", fault, 503);
    try {
      return await this.#forwarder.send(this.#emulator.port, request);
    } catch (error) {
      const reason = (await this.#emulator.faultSoon()) ?? `${this.#emulator.name} gave no answer to ${request.service}: ${String(error)}`;
      throw new ServiceError("ServiceUnavailable", reason, 503);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
