import { SuretyError } from "@surety/protocol";

/** A message of the Open Inference Protocol that breaks its rules: the answer is HTTP 400. */
export const malformed = (message: string, details?: Record<string, unknown>): SuretyError =>
  new SuretyError("OIP_MALFORMED", message, details === undefined ? {} : { details });

/** A message above a limit: the answer is HTTP 413. */
export const tooLarge = (message: string): SuretyError => new SuretyError("OIP_TOO_LARGE", message);

/** A tensor that JSON numbers cannot carry without loss. */
export const needsBinary = (name: string, why: string, cause?: unknown): SuretyError =>
  new SuretyError(
    "OIP_NEEDS_BINARY",
    `tensor "${name.slice(0, 60)}" ${why}, which JSON cannot carry: use the binary tensor extension`,
    cause === undefined ? {} : { cause },
  );
