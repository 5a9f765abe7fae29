import type { TestChain } from "./chain.ts";
import { serveHttp, type TestServer } from "./servers.ts";

type Answer = { result?: unknown; error?: unknown };
type Call = { method: string; params: unknown[] };

/** A node that lies: `rules` sees every call first and may answer it; what it leaves goes to the real chain. */
export type RpcProxy = TestServer & {
  rules: (call: Call, real: (call?: Call) => Promise<unknown>) => Promise<Answer | undefined>;
  calls: Call[];
};

/** Puts a proxy before a chain. An answer of `{ error: "hang up" }` closes the connection. */
export async function proxyRpc(chain: TestChain): Promise<RpcProxy> {
  const calls: Call[] = [];
  const server = await serveHttp((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", async () => {
      const { id, method, params } = JSON.parse(Buffer.concat(parts).toString());
      calls.push({ method, params });
      const real = (call: Call = { method, params }) => chain.call(call.method, ...call.params);
      const answer =
        (await proxy.rules({ method, params }, real)) ?? (await real().then((result) => ({ result }), toError));
      if ("error" in answer && answer.error === "hang up") return request.socket.destroy();
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
    });
  });
  const proxy: RpcProxy = { ...server, calls, rules: async () => undefined };
  return proxy;
}

function toError(cause: {
  code?: number;
  details?: string;
  data?: unknown;
  walk?: (test: (e: unknown) => boolean) => unknown;
}): Answer {
  const inner = cause.walk?.((error) => (error as { data?: unknown }).data !== undefined) as { data?: unknown } | null;
  return {
    error: {
      code: cause.code ?? -32000,
      message: cause.details ?? "failed",
      ...(inner?.data !== undefined && { data: inner.data }),
    },
  };
}
