import { SuretyError } from "@surety/protocol";
import {
  createTransport,
  type EIP1193RequestFn,
  fallback,
  HttpRequestError,
  RpcRequestError,
  stringify,
  TimeoutError,
  type Transport,
} from "viem";
import { type Http, readJson } from "./http.ts";

/** Settings of a JSON-RPC transport. */
export type RpcOptions = {
  /** Endpoints in order of preference; the next is asked when one fails. At least one. */
  urls: readonly string[];
  http: Http;
  /** Longest wait for one answer, in milliseconds. Default 10,000. */
  timeoutMs?: number;
  /** Largest answer in bytes. Default 32 MiB: answers to eth_getLogs are large. */
  maxBytes?: number;
  /** Further attempts after a failure that may pass. Default 2, 150 ms apart and doubling. */
  retryCount?: number;
};

/**
 * Makes a viem transport over the guarded client. It costs about a third of viem's own, which is made for `fetch`, and
 * its errors name the host only: the path of an RPC address is often a key.
 */
export function createRpc({
  urls,
  http,
  timeoutMs = 10_000,
  maxBytes = 32 << 20,
  retryCount = 2,
}: RpcOptions): Transport {
  const single = urls.map((url) => endpoint({ url, http, timeoutMs, maxBytes, retryCount }));
  const [first] = single;
  if (first === undefined) throw new SuretyError("RPC_NO_ENDPOINT", "No RPC address given; expected at least one.");
  return single.length === 1 ? first : fallback(single, { retryCount, rank: false });
}

type Endpoint = { url: string; http: Http; timeoutMs: number; maxBytes: number; retryCount: number };

function endpoint({ url, http, timeoutMs, maxBytes, retryCount }: Endpoint): Transport {
  const shown = URL.canParse(url) ? new URL(url).origin : "the RPC address";
  let id = 0;
  const request = async ({ method, params }: { method: string; params?: unknown }) => {
    id += 1;
    const body = { jsonrpc: "2.0", id, method, params: params ?? [] };
    const { status, result, error } = await exchange(body);
    // Nodes answer a revert with any status; what counts is whether the body is an answer of JSON-RPC.
    if (error) throw new RpcRequestError({ body, error, url: shown });
    if (status < 200 || status > 299)
      throw new HttpRequestError({ body, status, url: shown, details: `status ${status}` });
    return result;
  };

  async function exchange(body: { method: string }): Promise<{ status: number; result?: unknown; error?: RpcError }> {
    try {
      const response = await http.request({
        url,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: stringify(body),
        deadlineMs: timeoutMs,
        maxBytes,
      });
      if (response.status > 299 && !response.headers["content-type"]?.includes("json"))
        return { status: response.status };
      return { status: response.status, ...parseAnswer(readJson(response)) };
    } catch (cause) {
      if (!(cause instanceof SuretyError)) throw cause;
      if (cause.code === "HTTP_TIMEOUT") throw new TimeoutError({ body, url: shown });
      const details = cause.message.replaceAll(url, shown);
      throw new HttpRequestError({ body, url: shown, details, cause: new SuretyError(cause.code, details) });
    }
  }

  return (options) =>
    createTransport(
      {
        key: "surety",
        name: "JSON-RPC over the guarded client",
        request: request as EIP1193RequestFn,
        retryCount: options?.retryCount ?? retryCount,
        timeout: timeoutMs,
        type: "http",
      },
      { url: shown },
    );
}

type RpcError = { code: number; message: string; data?: unknown };

function parseAnswer(answer: unknown): { result?: unknown; error?: RpcError } {
  if (typeof answer !== "object" || answer === null) throw malformed();
  if ("error" in answer && answer.error !== null && answer.error !== undefined) {
    const { code, message, data } = answer.error as Partial<RpcError>;
    if (typeof code !== "number" || typeof message !== "string") throw malformed();
    return { error: data === undefined ? { code, message } : { code, message, data } };
  }
  if (!("result" in answer)) throw malformed();
  return { result: answer.result };
}

function malformed(): SuretyError {
  return new SuretyError("RPC_BAD_ANSWER", "The RPC endpoint answered with JSON that is no JSON-RPC answer.");
}
