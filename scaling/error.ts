/** Error codes of the Auto Scaling API: "Errors" of each action, and https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html */
export type AutoScalingErrorCode =
  | "ValidationError"
  | "AlreadyExists"
  | "LimitExceeded"
  | "ResourceContention"
  | "ResourceInUse"
  | "ScalingActivityInProgress"
  | "InvalidNextToken"
  | "InstanceRefreshInProgress"
  | "ActiveInstanceRefreshNotFound"
  | "IrreversibleInstanceRefresh";

/** A refused command. `code` is what the API answers, `message` what the caller reads. Nothing has changed when it is thrown. */
export class AutoScalingError extends Error {
  readonly code: AutoScalingErrorCode;

  constructor(code: AutoScalingErrorCode, message: string) {
    super(message);
    this.name = "AutoScalingError";
    this.code = code;
  }
}

/** Shorthand for the most frequent refusal. */
export function validationError(message: string): AutoScalingError {
  return new AutoScalingError("ValidationError", message);
}
