import { SuretyError } from "@surety/protocol";

/** The SuretyError that `work` ends with; throws whatever else it throws, and if nothing is refused. */
export async function refusal(work: Promise<unknown> | (() => unknown)): Promise<SuretyError> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    if (error instanceof SuretyError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
