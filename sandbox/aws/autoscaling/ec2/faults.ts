/** Failures of EC2 that a person injects, for example a zone without capacity. */

/** What must be so for the fault to strike; an absent member fits everything. */
export interface LaunchFault {
  readonly group?: string;
  readonly zone?: string;
  readonly instanceType?: string;
  /** EC2's error code, for example `InsufficientInstanceCapacity`. */
  readonly code: string;
  readonly message: string;
}

export class Faults {
  #launch: readonly LaunchFault[] = [];

  /** Replaces all; an empty list ends them. */
  set(launch: readonly LaunchFault[]): void {
    this.#launch = launch;
  }

  ofLaunch(launch: { readonly group: string; readonly zone: string; readonly instanceType: string | undefined }): LaunchFault | undefined {
    const fits = (wanted: string | undefined, actual: string | undefined) => wanted === undefined || wanted === actual;
    return this.#launch.find(
      (fault) => fits(fault.group, launch.group) && fits(fault.zone, launch.zone) && fits(fault.instanceType, launch.instanceType),
    );
  }
}
