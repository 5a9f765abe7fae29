import { SuretyError } from "@surety/protocol";

/** The code with which `f` refuses, "none" if it does not; anything but a SuretyError is passed on. For tests. */
export function refusal(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    if (error instanceof SuretyError) return error.code;
    throw error;
  }
  return "none";
}
