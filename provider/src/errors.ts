import { SuretyError } from "@surety/protocol";

/** The model's name or id is none that is served here: HTTP 404. */
export const unknownModel = (name: string): SuretyError =>
  new SuretyError(
    "PROVIDER_UNKNOWN_MODEL",
    `model "${name.slice(0, 80)}" is not served here; GET /surety/v1/status lists what is`,
  );

/** Nothing is kept of this epoch: HTTP 404. */
export const unknownEpoch = (epoch: bigint, why: string): SuretyError =>
  new SuretyError("PROVIDER_UNKNOWN_EPOCH", `epoch ${epoch}: ${why}`);

/** What is asked for opens later: HTTP 425. */
export const tooEarly = (message: string): SuretyError =>
  new SuretyError("PROVIDER_TOO_EARLY", message, { retryable: true });

/** No more requests now: HTTP 429. */
export const atCapacity = (why: string): SuretyError =>
  new SuretyError("PROVIDER_AT_CAPACITY", `at capacity: ${why}; try again later`, { retryable: true });

/** Receipts cannot be given now: HTTP 503. */
export const notReady = (why: string): SuretyError =>
  new SuretyError("PROVIDER_NOT_READY", `not ready: ${why}`, { retryable: true });

/** A signed request that its client did not sign: HTTP 403. */
export const badSignature = (why: string, cause?: unknown): SuretyError =>
  new SuretyError("PROVIDER_BAD_SIGNATURE", `the request's signature is not its client's: ${why}. Nothing was served`, {
    cause,
  });

const STATUS: Record<string, number> = {
  OIP_MALFORMED: 400,
  OIP_NEEDS_BINARY: 400,
  SDK_MALFORMED: 400,
  PROVIDER_BAD_SIGNATURE: 403,
  PROVIDER_SIGNATURE_EXPIRED: 403,
  PROVIDER_REQUEST_REPEATED: 409,
  PROVIDER_OUTSIDE_DOMAIN: 400,
  PROVIDER_UNKNOWN_MODEL: 404,
  PROVIDER_UNKNOWN_EPOCH: 404,
  OIP_TOO_LARGE: 413,
  PROVIDER_TOO_LARGE: 413,
  PROVIDER_TOO_EARLY: 425,
  PROVIDER_AT_CAPACITY: 429,
  PROVIDER_NOT_READY: 503,
};

/** HTTP status of an error: what the caller can mend is 4xx, what may pass is 503, the rest is ours. */
export function statusOf(error: unknown): number {
  if (!(error instanceof SuretyError)) return 500;
  return STATUS[error.code] ?? (error.retryable ? 503 : 500);
}
