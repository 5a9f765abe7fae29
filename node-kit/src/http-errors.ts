import { SuretyError } from "@surety/protocol";

/** What became of a failed request, by the code that Node or undici gives it. */
const CODES: Record<string, { code: string; retryable: boolean; what: string }> = {
  ECONNREFUSED: { code: "HTTP_REFUSED", retryable: true, what: "refused the connection; is the service running?" },
  ENOTFOUND: { code: "HTTP_DNS", retryable: true, what: "has a name that does not resolve" },
  EAI_AGAIN: { code: "HTTP_DNS", retryable: true, what: "has a name that could not be resolved now" },
  ENETUNREACH: { code: "HTTP_UNREACHABLE", retryable: true, what: "cannot be reached from this network" },
  EHOSTUNREACH: { code: "HTTP_UNREACHABLE", retryable: true, what: "cannot be reached from this network" },
  ETIMEDOUT: { code: "HTTP_TIMEOUT", retryable: true, what: "did not accept a connection in time" },
  UND_ERR_CONNECT_TIMEOUT: { code: "HTTP_TIMEOUT", retryable: true, what: "did not accept a connection in time" },
  UND_ERR_HEADERS_TIMEOUT: { code: "HTTP_TIMEOUT", retryable: true, what: "sent no complete headers in time" },
  UND_ERR_BODY_TIMEOUT: { code: "HTTP_TIMEOUT", retryable: true, what: "stopped sending its body" },
  UND_ERR_HEADERS_OVERFLOW: { code: "HTTP_TOO_LARGE", retryable: false, what: "sent headers above 16 KiB" },
  ECONNRESET: {
    code: "HTTP_DISCONNECTED",
    retryable: true,
    what: "closed the connection before the answer was complete",
  },
  EPIPE: { code: "HTTP_DISCONNECTED", retryable: true, what: "closed the connection before the request was sent" },
  UND_ERR_SOCKET: {
    code: "HTTP_DISCONNECTED",
    retryable: true,
    what: "closed the connection before the answer was complete",
  },
  UND_ERR_CLOSED: { code: "HTTP_CLIENT_CLOSED", retryable: false, what: "was not called: this client is closed" },
  UND_ERR_DESTROYED: { code: "HTTP_CLIENT_CLOSED", retryable: false, what: "was not called: this client is closed" },
  UND_ERR_INVALID_ARG: { code: "HTTP_BAD_REQUEST", retryable: false, what: "was not called: the request is malformed" },
};

/**
 * Turns whatever undici, net, tls or dns throws into a {@link SuretyError}.
 *
 * @returns One of HTTP_REFUSED, HTTP_DNS, HTTP_UNREACHABLE, HTTP_TIMEOUT, HTTP_DISCONNECTED (retryable), HTTP_TOO_LARGE,
 * HTTP_TLS, HTTP_BAD_RESPONSE, HTTP_BAD_REQUEST, HTTP_CLIENT_CLOSED, HTTP_FAILED (not retryable); a SuretyError as it is.
 */
export function toHttpError(cause: unknown, url: string): SuretyError {
  if (cause instanceof SuretyError) return cause;
  const native = (cause as { code?: unknown })?.code;
  const text = cause instanceof Error ? cause.message : String(cause);
  const known = typeof native === "string" ? CODES[native] : undefined;
  if (known) {
    const { code, retryable, what } = known;
    return new SuretyError(code, `${url} ${what} (${native}: ${text}).`, {
      retryable,
      cause,
      details: { url, native },
    });
  }
  const isTls = typeof native === "string" && /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(native);
  if (isTls) {
    const message = `${url} has no valid TLS certificate or protocol (${native}: ${text}).`;
    return new SuretyError("HTTP_TLS", message, { cause, details: { url, native } });
  }
  const isParser =
    (cause as { name?: unknown })?.name === "HTTPParserError" || native === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH";
  const code = isParser ? "HTTP_BAD_RESPONSE" : "HTTP_FAILED";
  const what = isParser ? "did not answer in valid HTTP" : "could not be called";
  return new SuretyError(code, `${url} ${what} (${String(native ?? "no code")}: ${text}).`, {
    cause,
    details: { url },
  });
}
