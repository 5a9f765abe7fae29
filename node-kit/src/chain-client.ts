import { SuretyError } from "@surety/protocol";
import { createPublicClient, defineChain, type PublicClient } from "viem";
import type { Http } from "./http.ts";
import { createRpc } from "./rpc.ts";
import type { Store } from "./store.ts";

/** Which chain to talk to, and how. */
export type ChainClientOptions = {
  /** JSON-RPC addresses, the preferred one first. */
  urls: readonly string[];
  chainId: number;
  /** The guarded client; it must allow the operator's own node, often on a private address. */
  http: Http;
  /** Longest wait for one answer, in milliseconds. Default 10,000. */
  timeoutMs?: number;
};

/** Makes a viem client over the guarded HTTP client; sends nothing yet. */
export function createChainClient({ urls, chainId, http, timeoutMs = 10_000 }: ChainClientOptions): PublicClient {
  const chain = defineChain({
    id: chainId,
    name: `chain ${chainId}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [] } },
  });
  return createPublicClient({ chain, transport: createRpc({ urls, http, timeoutMs }), cacheTime: 0 });
}

const MIGRATIONS = [
  "CREATE TABLE chain (id INTEGER PRIMARY KEY CHECK (id = 1), chain_id INTEGER, genesis TEXT) STRICT",
];

/**
 * Makes sure that the node serves the chain that was configured, and that a store is never used with another one: the
 * first call notes the chain id and the hash of block 0 in it. A devnet that was started anew has another block 0.
 *
 * @throws SuretyError CHAIN_WRONG_ID, CHAIN_OTHER_GENESIS, CHAIN_RPC (retryable).
 */
export async function pinChain(client: PublicClient, chainId: number, store: Store): Promise<void> {
  const [have, block] = await rpc("the chain id and block 0", () =>
    Promise.all([client.getChainId(), client.getBlock({ blockNumber: 0n })]),
  );
  if (have !== chainId) {
    const message = `The RPC endpoint serves chain id ${have}; configured is ${chainId}. Correct SURETY_RPC_URLS or SURETY_CHAIN_ID.`;
    throw new SuretyError("CHAIN_WRONG_ID", message, { details: { have, need: chainId } });
  }
  store.migrate("chain", MIGRATIONS);
  store.db.prepare("INSERT INTO chain VALUES (1, ?, ?) ON CONFLICT DO NOTHING").run(chainId, block.hash);
  const pinned = store.db.prepare("SELECT chain_id, genesis FROM chain").get();
  if (pinned?.chain_id === chainId && pinned.genesis === block.hash) return;
  const message = `This state directory belongs to another chain (id ${pinned?.chain_id}, block 0 ${pinned?.genesis}); the endpoint serves id ${chainId}, block 0 ${block.hash}. Use a new directory.`;
  throw new SuretyError("CHAIN_OTHER_GENESIS", message, { details: { have: block.hash, need: pinned?.genesis } });
}

/**
 * Runs a call to the node; what it throws becomes CHAIN_RPC, which is retryable and names what was asked for.
 */
export async function rpc<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof SuretyError) throw cause;
    const { shortMessage, details, message } = cause as { shortMessage?: string; details?: string; message: string };
    const text = `The RPC endpoint did not answer for ${what}: ${[shortMessage ?? message, details].filter(Boolean).join(" ")}`;
    throw new SuretyError("CHAIN_RPC", text, { retryable: true, cause });
  }
}
