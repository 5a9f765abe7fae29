/** What an error may carry beside its message. */
export type SuretyErrorOptions = {
  /** True if the same call may succeed later with nothing changed by the caller. Default false. */
  retryable?: boolean;
  /** Machine-readable facts: what was had, what was needed. */
  details?: Record<string, unknown>;
  /** The error that caused this one. */
  cause?: unknown;
};

/**
 * The one error class of Surety. The message says what was wrong, what is had and what is needed, and what to do.
 *
 * `code` is SCREAMING_SNAKE and stable: callers branch on it, never on the message.
 */
export class SuretyError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly details?: Record<string, unknown>;

  constructor(code: string, message: string, options: SuretyErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SuretyError";
    this.code = code;
    this.retryable = options.retryable ?? false;
    if (options.details !== undefined) this.details = options.details;
  }
}
