import type { LocalAccount, TransactionReceipt } from "viem";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import { unknownOutcome } from "./tx-errors.ts";
import { bumpFees } from "./tx-fees.ts";
import type { TxHead, TxNode } from "./tx-node.ts";
import { signAttempt } from "./tx-place.ts";
import type { TxRow, TxRows } from "./tx-rows.ts";
import type { Receipt } from "./tx-types.ts";

/** What watching needs. */
export type WatchDeps = {
  node: TxNode;
  rows: TxRows;
  account: LocalAccount;
  chainId: number;
  log: Log;
  clock: Clock;
  cap: bigint;
  confirmations: number;
  stallSeconds: number;
  /** When the bytes of a transaction were last handed over, and how long to wait with the next time. */
  handed: Map<string, { at: number; pause: number }>;
  /** Not to be touched: still being handed over. */
  isPlacing: (key: string) => boolean;
  /** A transaction has come to its end. */
  onSettled: (row: TxRow) => void;
  /** A transaction has not come to its end in the time it had; it stays under way. */
  onLate: (row: TxRow, error: Error) => void;
};

/** Looks without a receipt, for a nonce that is used, before somebody else's transaction is blamed. */
const MISSING_LOOKS = 10;
/** Longest pause between two attempts to hand the same bytes over, in milliseconds. */
export const REBROADCAST_MS = 15_000;

/**
 * Makes the function that looks at everything under way once: what is mined is settled, what is not is handed over again,
 * and the oldest gets higher fees after a stall. Time is the chain's.
 */
export function createTxWatch(deps: WatchDeps): () => Promise<void> {
  const { node, rows, account, chainId, log, clock, cap, confirmations, stallSeconds, handed } = deps;
  const missing = new Map<string, number>();

  async function look(): Promise<void> {
    const [head, count] = await Promise.all([node.head(), node.count("latest")]);
    for (const row of rows.inFlight()) {
      if (deps.isPlacing(row.key)) continue;
      // Mined or not is asked before anything about time: a late transaction may still have made it.
      if (row.nonce < count) await lookAtMined(row, head);
      else await lookAtWaiting(row, head, row.nonce === count);
    }
  }

  async function lookAtMined(row: TxRow, head: TxHead): Promise<void> {
    const mined = await node.receipt(row.attempts.map(({ hash }) => hash).reverse());
    if (mined) {
      missing.delete(row.key);
      if (head.number - mined.blockNumber + 1n >= BigInt(confirmations)) settle(row, mined);
      return;
    }
    const looks = (missing.get(row.key) ?? 0) + 1;
    missing.set(row.key, looks);
    if (looks < MISSING_LOOKS) return;
    log.error({ key: row.key, label: row.label, nonce: row.nonce }, "another program used the nonce of a transaction");
    rows.settle(row.key, "unknown");
    finish({ ...row, state: "unknown" });
  }

  function settle(row: TxRow, mined: TransactionReceipt): void {
    const state = mined.status === "success" ? "confirmed" : "reverted";
    const receipt = toReceipt(row, mined);
    rows.settle(row.key, state, receipt);
    const { key, label, nonce } = row;
    log[state === "confirmed" ? "debug" : "warn"](
      { key, label, nonce, hash: receipt.hash, gas: receipt.gasUsed },
      state,
    );
    finish({ ...row, state, receipt });
  }

  function finish(row: TxRow): void {
    missing.delete(row.key);
    handed.delete(row.key);
    deps.onSettled(row);
  }

  async function lookAtWaiting(row: TxRow, head: TxHead, isOldest: boolean): Promise<void> {
    missing.delete(row.key);
    const last = row.attempts.at(-1);
    if (!last) return;
    if (row.deadline !== undefined && head.timestamp >= row.deadline) {
      deps.onLate(
        row,
        unknownOutcome(row, `it was not mined before ${row.deadline}, and the chain's time is ${head.timestamp}`),
      );
    }
    if (isOldest && head.timestamp - last.sentAt >= BigInt(stallSeconds)) await bump(row, head);
    else await handOver(row, last.raw);
  }

  /** Hands the same bytes over again, at once after a start and then in growing pauses: pools forget. */
  async function handOver(row: TxRow, raw: TxRow["attempts"][number]["raw"]): Promise<void> {
    const now = clock.now();
    const before = handed.get(row.key);
    if (before && now - before.at < before.pause) return;
    const refusal = await node.broadcast(raw);
    const pause = Math.min(before ? before.pause * 2 : 1_000, REBROADCAST_MS);
    handed.set(row.key, { at: now, pause });
    if (refusal) log.debug({ key: row.key, nonce: row.nonce, answer: refusal.text }, "handed over again");
  }

  async function bump(row: TxRow, head: TxHead): Promise<void> {
    const last = row.attempts.at(-1);
    const fees = last && bumpFees(last, head.baseFee, await node.priority(), cap);
    if (!fees) {
      log.error(
        { key: row.key, nonce: row.nonce, cap: String(cap) },
        "a transaction is stuck and the fee cap leaves no room",
      );
      return last && handOver(row, last.raw);
    }
    const attempt = await signAttempt(account, chainId, row, fees, head.timestamp);
    rows.addAttempt(row.key, attempt);
    const refusal = await node.broadcast(attempt.raw);
    const { maxFeePerGas } = fees;
    log.warn(
      { key: row.key, nonce: row.nonce, hash: attempt.hash, maxFeePerGas, answer: refusal?.text },
      "raised the fees of a stuck transaction",
    );
  }

  return look;
}

/** What is kept of a receipt. */
export function toReceipt({ key, nonce }: Pick<TxRow, "key" | "nonce">, mined: TransactionReceipt): Receipt {
  const { transactionHash: hash, blockNumber, blockHash, gasUsed, effectiveGasPrice, contractAddress } = mined;
  const logs = mined.logs.map(({ address, topics, data }) => ({ address, topics: [...topics], data }));
  const fee = gasUsed * effectiveGasPrice;
  return { key, hash, nonce, blockNumber, blockHash, gasUsed, fee, ...(contractAddress && { contractAddress }), logs };
}
