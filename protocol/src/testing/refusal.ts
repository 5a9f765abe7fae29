import { SuretyError } from "../errors.ts";

/** The code with which `f` refuses, "none" if it does not; anything but a SuretyError is passed on. For tests. */
export function code(f: () => unknown): string {
  try {
    f();
  } catch (e) {
    if (e instanceof SuretyError) return e.code;
    throw e;
  }
  return "none";
}

/** {@link code} for what refuses later. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (e) {
    if (e instanceof SuretyError) return e.code;
    throw e;
  }
  return "none";
}
