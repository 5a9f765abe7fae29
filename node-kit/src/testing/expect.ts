import { SuretyError } from "@surety/protocol";
import { AssertionError } from "chai";

/** Runs something that must fail with a SuretyError of this code, and hands the error back for further checks. */
export async function failure(code: string, run: () => unknown): Promise<SuretyError> {
  let result: unknown;
  try {
    result = await run();
  } catch (error) {
    if (error instanceof SuretyError && error.code === code) return error;
    throw new AssertionError(
      `expected a SuretyError ${code}, got ${error instanceof SuretyError ? error.code : error}`,
      {
        cause: error,
      } as never,
    );
  }
  throw new AssertionError(`expected a SuretyError ${code}, but it succeeded with ${String(result)}`);
}
