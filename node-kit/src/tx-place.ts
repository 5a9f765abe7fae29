import { type Abi, type Address, type Hash, keccak256, type LocalAccount } from "viem";
import type { Log } from "./log.ts";
import * as problem from "./tx-errors.ts";
import { firstFees } from "./tx-fees.ts";
import type { TxCall, TxNode } from "./tx-node.ts";
import type { Attempt, TxRow, TxRows } from "./tx-rows.ts";

/** A call, encoded. */
export type Prepared = TxCall & {
  key: string;
  label: string;
  fingerprint: Hash;
  deadline: bigint | undefined;
  abi: Abi;
};

/** Signs one form of a transaction. The same fees give the same bytes. */
export async function signAttempt(
  account: LocalAccount,
  chainId: number,
  { nonce, to, data, value, gas }: Pick<TxRow, "nonce" | "to" | "data" | "value" | "gas">,
  fees: { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint },
  sentAt: bigint,
): Promise<Attempt> {
  const target = to && { to: to as Address };
  const raw = await account.signTransaction({ type: "eip1559", chainId, nonce, ...target, data, value, gas, ...fees });
  return { ...fees, raw, hash: keccak256(raw), sentAt };
}

/** What placing needs. */
export type PlaceDeps = {
  node: TxNode;
  rows: TxRows;
  account: LocalAccount;
  chainId: number;
  log: Log;
  /** Most wei per gas. */
  cap: bigint;
  /** Called once the node has the bytes. */
  onTaken: (key: string) => void;
  /** Waits until what is under way is settled, or for a while. */
  settled: () => Promise<void>;
};

/**
 * Brings a transaction from a call to the node: tried, priced, signed, on the disk, handed over, in this order. It returns
 * when the node has it or was silent; what follows is the watch's.
 *
 * @throws The errors of `send` for which nothing was sent.
 */
export async function place(call: Prepared, deps: PlaceDeps): Promise<void> {
  const { node, rows, account, chainId, log, cap } = deps;
  const gas = await tryOut(call, deps);
  const [head, count, balance, priority] = await Promise.all([
    node.head(),
    node.count("pending"),
    node.balance(),
    node.priority(),
  ]);
  const { key, label, deadline, to, data, value, fingerprint } = call;
  if (deadline !== undefined && head.timestamp >= deadline) throw problem.tooLate(label, head.timestamp, deadline);
  const fees = firstFees(head.baseFee, priority, cap);
  if (fees.maxFeePerGas < head.baseFee) throw problem.feeCap(label, head.baseFee, cap);

  const waiting = rows.inFlight();
  const cost = (limit: bigint, maxFee: bigint, amount: bigint) => limit * maxFee + amount;
  const others = waiting.map((row) => cost(row.gas, row.attempts.at(-1)?.maxFeePerGas ?? 0n, row.value));
  const need = others.reduce((sum, one) => sum + one, cost(gas, fees.maxFeePerGas, value));
  if (balance < need) throw problem.noFunds(label, account.address, balance, need);

  const next = rows.nextNonce();
  if (waiting.length === 0 && count < next) throw problem.chainForgot(account.address, count, next);
  if (next > 0 && count > next) log.warn({ have: count, expected: next }, "another program sends from this account");
  const row = { key, nonce: Math.max(count, next), label, fingerprint, to, data, value, gas, deadline };
  const attempt = await signAttempt(account, chainId, row, fees, head.timestamp);
  rows.add(row, attempt);

  const refusal = await node.broadcast(attempt.raw);
  if (!refusal) {
    deps.onTaken(key);
    return log.debug({ key, label, nonce: row.nonce, hash: attempt.hash }, "sent");
  }
  log.warn(
    { key, label, nonce: row.nonce, hash: attempt.hash, answer: refusal.text },
    "the node did not take a transaction",
  );
  if (!refusal.isAnswer) return;
  const isKnown = await node.knows(attempt.hash).catch((err: unknown) => {
    log.warn({ err, key }, "whether the node has it could not be asked; the watch will find out");
    return true;
  });
  if (!isKnown) {
    // It is the newest nonce, so nothing waits behind it; its bytes stay known in case they were passed on after all.
    rows.settle(key, "withdrawn");
    throw problem.rejected(label, refusal.text);
  }
}

/**
 * Gas for a call, or why the chain would refuse it. Nodes differ in whether they count what is still waiting, so a refusal
 * stands only once nothing is.
 */
async function tryOut(call: Prepared, { node, rows, settled }: PlaceDeps): Promise<bigint> {
  const attempt = async () => {
    const used = await node.simulate(call);
    return call.gas ?? used + used / 4n;
  };
  try {
    return await attempt();
  } catch (cause) {
    const error = await problem.wouldRevert(cause, call.label, call.abi);
    if (error.code !== "TX_WOULD_REVERT" || rows.inFlight().length === 0) throw error;
  }
  await settled();
  try {
    return await attempt();
  } catch (cause) {
    throw await problem.wouldRevert(cause, call.label, call.abi);
  }
}
