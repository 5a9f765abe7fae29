import { SuretyError } from "@surety/protocol";
import { Agent, buildConnector, type Dispatcher } from "undici";
import { blockedAddress, forbiddenRange, guardedLookup } from "./address-guard.ts";
import { toHttpError } from "./http-errors.ts";

/** Settings of a client. Sizes in bytes, times in milliseconds. */
export type HttpOptions = {
  /** Also call `http:` addresses. Default false: https only. */
  allowHttp?: boolean;
  /** Also call loopback and private networks. Default false. Link-local addresses stay refused. */
  allowPrivate?: boolean;
  /** Largest response body. Default 1 MiB. */
  maxBytes?: number;
  /** Longest wait for a connection, for complete headers, and between two pieces of a body. Default 10,000. */
  timeoutMs?: number;
  /** Connections kept per origin; requests above it wait their turn inside their deadline. Default 32. */
  connections?: number;
};

/** One request. */
export type HttpRequest = {
  url: string;
  /** Default GET. */
  method?: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Everything together, from the call to the last byte. Default twice the client's `timeoutMs`. */
  deadlineMs?: number;
  /** Overrides the client's `maxBytes` for this answer. */
  maxBytes?: number;
};

/** An answer of any status outside 3xx. */
export type HttpResponse = {
  status: number;
  /** Lower-case names; repeated headers joined by ", ". */
  headers: Record<string, string>;
  /** A fresh array with offset 0, so that typed views on its buffer are aligned. */
  body: Uint8Array;
  /** From the call to the last byte, connecting included. */
  elapsedMs: number;
};

/** The only way out: every call to an address that a stranger may have chosen goes through it. */
export type Http = {
  /**
   * Sends one request and reads the whole answer. Never follows redirects, never decompresses, never retries.
   *
   * @throws SuretyError HTTP_BAD_URL, HTTP_NOT_HTTPS, HTTP_BLOCKED_ADDRESS, HTTP_REDIRECT, HTTP_TOO_LARGE, HTTP_ENCODED,
   * HTTP_TIMEOUT (retryable) or one of {@link toHttpError}. A status of 4xx or 5xx is an answer, not an error.
   */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Drops all connections; what is under way fails with HTTP_CLIENT_CLOSED. */
  close(): Promise<void>;
};

/** Makes the guarded client: addresses are checked where the socket connects, so DNS cannot change in between. */
export function createHttp(options: HttpOptions = {}): Http {
  const { allowHttp = false, allowPrivate = false, maxBytes = 1 << 20, timeoutMs = 10_000, connections = 32 } = options;
  const rule = { allowPrivate };
  const connectSocket = buildConnector({
    timeout: timeoutMs,
    allowH2: false,
    lookup: guardedLookup(rule),
    autoSelectFamily: true,
  });
  const connect: buildConnector.connector = (target, callback) => {
    const range = isLiteral(target.hostname) ? forbiddenRange(target.hostname, rule) : undefined;
    if (range) callback(blockedAddress(target.hostname, target.hostname, range), null);
    else connectSocket(target, callback);
  };
  const agent = new Agent({
    connect,
    connections,
    pipelining: 1,
    allowH2: false,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 60_000,
  });

  function parse(text: string): URL {
    if (!URL.canParse(text)) throw refusal("HTTP_BAD_URL", text, "is not a URL; expected https://host[:port]/path");
    const url = new URL(text);
    const isHttps = url.protocol === "https:";
    if (!isHttps && url.protocol !== "http:") throw refusal("HTTP_BAD_URL", text, "is neither https nor http");
    if (!isHttps && !allowHttp) throw refusal("HTTP_NOT_HTTPS", text, "is not https; plain http needs allowHttp");
    if (url.username || url.password) throw refusal("HTTP_BAD_URL", url.origin, "carries a user name or password");
    return url;
  }

  async function request(request: HttpRequest): Promise<HttpResponse> {
    const started = performance.now();
    const url = parse(request.url);
    const limit = request.maxBytes ?? maxBytes;
    const deadlineMs = request.deadlineMs ?? 2 * timeoutMs;
    return new Promise((resolve, reject) => {
      const answer = collect({ url: request.url, limit, deadlineMs, started, resolve, reject });
      agent.dispatch(
        {
          origin: url.origin,
          path: url.pathname + url.search,
          method: request.method ?? "GET",
          headers: { "accept-encoding": "identity", ...request.headers },
          body: request.body ?? null,
        },
        answer,
      );
    });
  }

  return { request, close: () => agent.destroy() };
}

/** Hosts that need no lookup: IPv6 in or out of brackets, and IPv4, which URL parsing has already made dotted. */
function isLiteral(host: string): boolean {
  return host.includes(":") || /^[\d.]+$/.test(host);
}

function refusal(code: string, url: string, what: string, details: Record<string, unknown> = {}): SuretyError {
  return new SuretyError(code, `${url} ${what}.`, { details: { url, ...details } });
}

type Collect = {
  url: string;
  limit: number;
  deadlineMs: number;
  started: number;
  resolve: (response: HttpResponse) => void;
  reject: (error: SuretyError) => void;
};

/** The handler of one exchange. Written against undici's dispatch, which costs half of its stream interface. */
function collect({ url, limit, deadlineMs, started, resolve, reject }: Collect): Dispatcher.DispatchHandler {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let status = 0;
  let headers: Record<string, string> = {};
  let failure: SuretyError | undefined;
  let controller: Dispatcher.DispatchController | undefined;

  const fail = (error: SuretyError) => {
    if (failure) return;
    failure = error;
    clearTimeout(timer);
    reject(error);
    controller?.abort(error);
  };
  const tooLarge = (have: number) =>
    refusal("HTTP_TOO_LARGE", url, `answers with more than ${limit} bytes`, { have, limit });
  const timer = setTimeout(() => {
    const message = `${url} did not answer completely within ${deadlineMs} ms (${size} bytes came).`;
    fail(new SuretyError("HTTP_TIMEOUT", message, { retryable: true, details: { url, deadlineMs, received: size } }));
  }, deadlineMs);

  return {
    onRequestStart(started) {
      controller = started;
      // The deadline may have passed while the request waited for a free connection.
      if (failure) started.abort(failure);
    },
    onResponseStart(_controller, code, received) {
      if (code < 200) return;
      status = code;
      headers = flatten(received);
      if (code >= 300 && code < 400 && code !== 304) {
        const location = headers.location ?? "nowhere";
        return fail(
          refusal("HTTP_REDIRECT", url, `redirects to ${location} (status ${code})`, { status: code, location }),
        );
      }
      const encoding = headers["content-encoding"];
      if (encoding && encoding !== "identity") {
        return fail(refusal("HTTP_ENCODED", url, `answers compressed (${encoding}), which was not asked for`));
      }
      const declared = Number(headers["content-length"]);
      if (declared > limit) fail(tooLarge(declared));
    },
    onResponseData(_controller, chunk) {
      if (failure) return;
      size += chunk.length;
      if (size > limit) return fail(tooLarge(size));
      chunks.push(chunk);
    },
    onResponseEnd() {
      if (failure) return;
      clearTimeout(timer);
      resolve({ status, headers, body: join(chunks, size), elapsedMs: performance.now() - started });
    },
    onResponseError(_controller, error) {
      fail(toHttpError(error, url));
    },
  };
}

function flatten(received: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = Object.create(null);
  for (const name of Object.keys(received)) {
    const value = received[name];
    if (value !== undefined) flat[name] = typeof value === "string" ? value : value.join(", ");
  }
  return flat;
}

function join(chunks: Uint8Array[], size: number): Uint8Array {
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

/**
 * Reads a JSON body.
 *
 * @throws SuretyError HTTP_BAD_JSON if the bytes are no UTF-8 or no JSON.
 */
export function readJson(response: HttpResponse): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(response.body));
  } catch (cause) {
    const message = `Expected a JSON body of ${response.body.length} bytes (status ${response.status}), got something else.`;
    throw new SuretyError("HTTP_BAD_JSON", message, { cause, details: { status: response.status } });
  }
}
