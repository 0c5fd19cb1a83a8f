/** Errors of the API as a caller reads them. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html */
import { serviceModel } from "./shapes.ts";

/** Statuses of the common errors; those that operations declare carry theirs in the service model. */
const commonStatus: Readonly<Record<string, number>> = {
  InternalFailure: 500,
  InvalidAction: 400,
  InvalidQueryParameter: 400,
  MissingAction: 400,
  ValidationError: 400,
};

/** An answer with an error code and a sentence that names the property, the wrong value and what is allowed. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.status = serviceModel.errorStatus.get(code) ?? commonStatus[code] ?? 400;
  }
}

/** Refuses more items than one call takes, where the service model names no limit but the documentation does. */
export function requireBatch(path: string, { length }: readonly unknown[], most: number): void {
  if (length <= most) return;
  const constraint = `Member must have length less than or equal to ${most}`;
  throw validationErrors([`Value with ${length} items at '${path}' failed to satisfy constraint: ${constraint}`]);
}

/** Several faults of one request in one error, in the services' own words. */
export function validationErrors(faults: readonly string[]): ApiError {
  const count = faults.length === 1 ? "1 validation error" : `${faults.length} validation errors`;
  return new ApiError("ValidationError", `${count} detected: ${faults.join("; ")}`);
}
