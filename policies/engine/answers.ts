/**
 * Writes the pack's answers. Most rules do not look at most resources, and the answer for each resource names every one of them
 * with the reason: most of its bytes, and the same again for the next resource. They are made once for each rule and reason.
 */
import services from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import protocol from "@pulumi/pulumi/proto/analyzer_pb.js";

export class Answers {
  readonly #written = new Map<string, Buffer>();

  /** Changes the encoder of the analyzer protocol. Call it before `new PolicyPack`. */
  observe(): void {
    services.AnalyzerService.analyze.responseSerialize = (answer) => this.write(answer);
  }

  /** The same bytes as the protocol's own encoder: the entries of a list may stand in several messages, one after the other. */
  write(answer: protocol.AnalyzeResponse): Buffer {
    const found = new protocol.AnalyzeResponse().setDiagnosticsList(answer.getDiagnosticsList());
    return Buffer.concat([found.serializeBinary(), ...answer.getNotApplicableList().map((one) => this.#bytesOf(one))]);
  }

  #bytesOf(notApplicable: protocol.PolicyNotApplicable): Buffer {
    const key = `${notApplicable.getPolicyName()} ${notApplicable.getReason()}`;
    let bytes = this.#written.get(key);
    if (!bytes) {
      bytes = Buffer.from(new protocol.AnalyzeResponse().setNotApplicableList([notApplicable]).serializeBinary());
      this.#written.set(key, bytes);
    }
    return bytes;
  }
}
