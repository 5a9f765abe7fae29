import { SuretyError } from "@surety/protocol";
import { type Abi, concat, encodeFunctionData, type Hex, keccak256, numberToHex } from "viem";
import { pinChain } from "./chain-client.ts";
import { systemClock } from "./clock.ts";
import * as problem from "./tx-errors.ts";
import { createTxNode } from "./tx-node.ts";
import { type Prepared, place } from "./tx-place.ts";
import { openTxRows, type TxRow } from "./tx-rows.ts";
import type { FunctionCall, RawCall, Receipt, Sender, SenderOptions } from "./tx-types.ts";
import { createTxWatch, REBROADCAST_MS, toReceipt } from "./tx-watch.ts";

type Waiter = {
  call: Prepared;
  promise: Promise<Receipt>;
  resolve: (receipt: Receipt) => void;
  reject: (error: unknown) => void;
};

/** Longest wait for what is under way before a trial that failed is repeated, in milliseconds. */
const SETTLE_MS = 60_000;
/** Longest pause between looks while the node does not answer, in milliseconds. */
const MAX_PAUSE_MS = 30_000;

/**
 * Makes the sender of one account: a queue whose every step is on the disk before it is taken, so that a process that dies
 * anywhere loses nothing and sends nothing twice. What was under way at the last end is taken up at once.
 */
export function createSender(options: SenderOptions): Sender {
  const { client, account, chain, store, log, clock = systemClock, errors = [], pollMs = 1_000 } = options;
  const { confirmations = 1, stallSeconds = 30, maxFeePerGas: cap = 500_000_000_000n } = options;
  const rows = openTxRows(store, account.address);
  const node = createTxNode(client, account.address, clock);
  const waiters = new Map<string, Waiter>();
  const placing = new Set<string>();
  const handed = new Map<string, { at: number; pause: number }>();
  const stop = new AbortController();
  const common = { node, rows, account, chainId: chain.id, log, cap };
  const look = createTxWatch({
    ...common,
    clock,
    confirmations,
    stallSeconds,
    handed,
    isPlacing: (key) => placing.has(key),
    onSettled: (row) => void settle(row),
    onLate: (row, error) => finish(row.key, (waiter) => waiter.reject(error)),
  });
  let pinned: Promise<void> | undefined;
  let queue: Promise<void> = Promise.resolve();
  let watching: Promise<void> | undefined;

  /** The node's chain is checked once; a failure to ask is no answer and is asked again. */
  function pin(): Promise<void> {
    pinned ??= pinChain(client, chain.id, store).catch((error) => {
      pinned = undefined;
      throw error;
    });
    return pinned;
  }

  function finish(key: string, end: (waiter: Waiter) => void): void {
    const waiter = waiters.get(key);
    waiters.delete(key);
    if (waiter) end(waiter);
  }

  async function settle(row: TxRow): Promise<void> {
    const waiter = waiters.get(row.key);
    if (!waiter) return;
    try {
      const receipt = await outcome(row, waiter.call);
      finish(row.key, ({ resolve }) => resolve(receipt));
    } catch (error) {
      finish(row.key, ({ reject }) => reject(error));
    }
  }

  /** What a settled row means to the caller. */
  async function outcome(row: TxRow, { abi }: Prepared): Promise<Receipt> {
    if (row.state === "confirmed" && row.receipt) return row.receipt;
    if (row.state !== "reverted" || !row.receipt) throw problem.unknownOutcome(row, "another program used its nonce");
    const reason = await node.replay(row, row.receipt.blockNumber).catch((cause: unknown) => cause);
    throw problem.reverted(row, abi, reason);
  }

  function watch(): void {
    watching ??= run().finally(() => {
      watching = undefined;
      if (!stop.signal.aborted && rows.inFlight().length > 0) watch();
    });
  }

  async function run(): Promise<void> {
    let pause = pollMs;
    while (!stop.signal.aborted && rows.inFlight().length > 0) {
      await clock.sleep(pause, stop.signal);
      if (stop.signal.aborted) return;
      try {
        await pin();
        await look();
        pause = pollMs;
      } catch (err) {
        log.warn({ err }, "could not look after transactions");
        pause = Math.min(pause * 2, MAX_PAUSE_MS);
      }
    }
  }

  /** Waits until nothing is under way but what is being placed, or for a minute. */
  async function settled(): Promise<void> {
    const until = clock.now() + SETTLE_MS;
    while (rows.inFlight().length > 0 && clock.now() < until && !stop.signal.aborted)
      await clock.sleep(pollMs, stop.signal);
  }

  async function enqueue(call: Prepared): Promise<void> {
    if (stop.signal.aborted) throw problem.closed();
    await pin();
    if (await adopt(call)) return;
    placing.add(call.key);
    try {
      await place(call, {
        ...common,
        settled,
        onTaken: (key) => handed.set(key, { at: clock.now(), pause: REBROADCAST_MS }),
      });
    } finally {
      placing.delete(call.key);
      watch();
    }
  }

  /** A transaction that the node refused may have been passed on by another: then it is this one. */
  async function adopt(call: Prepared): Promise<boolean> {
    const row = rows.find(call.key);
    const mined = row && (await node.receipt(row.attempts.map(({ hash }) => hash)));
    if (!row || !mined) return false;
    const receipt = toReceipt(row, mined);
    const state = mined.status === "success" ? "confirmed" : "reverted";
    rows.settle(row.key, state, receipt);
    await settle({ ...row, state, receipt });
    return true;
  }

  async function send(request: FunctionCall | RawCall): Promise<Receipt> {
    const call = prepare(request, errors);
    const known = waiters.get(call.key);
    const row = known ? undefined : rows.find(call.key);
    const fingerprint = known?.call.fingerprint ?? row?.fingerprint;
    if (fingerprint !== undefined && fingerprint !== call.fingerprint) {
      throw problem.keyConflict(call.key, known?.call.label ?? row?.label ?? "", call.label);
    }
    if (known) return known.promise;
    if (stop.signal.aborted) throw problem.closed();
    if (row && row.state !== "sent" && row.state !== "withdrawn") return outcome(row, call);
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
    waiters.set(call.key, { call, promise, resolve, reject });
    if (row?.state === "sent") watch();
    else queue = queue.then(() => enqueue(call)).catch((error) => finish(call.key, (waiter) => waiter.reject(error)));
    return promise;
  }

  watch();
  return {
    address: account.address,
    send: send as Sender["send"],
    pending: () => [...new Set([...rows.inFlight().map(({ key }) => key), ...waiters.keys()])],
    async idle() {
      while (!stop.signal.aborted && (waiters.size > 0 || rows.inFlight().length > 0)) {
        await queue;
        await clock.sleep(Math.min(pollMs, 50), stop.signal);
      }
    },
    gasUsed: () => rows.gasUsed(),
    async close() {
      stop.abort();
      await queue;
      await watching;
      for (const key of [...waiters.keys()]) finish(key, (waiter) => waiter.reject(problem.closed()));
    },
  };
}

function prepare(request: FunctionCall | RawCall, errors: Abi): Prepared {
  const { key, to, contract, value = 0n, gas, deadline, abi = [], functionName } = request;
  if (key === "") throw new SuretyError("TX_BAD_CALL", "A transaction needs a key that names the act; it is empty.");
  const data = functionName === undefined ? (request as RawCall).data : encode(request as FunctionCall);
  const label = `${contract ?? to ?? "contract"}.${functionName ?? (to ? data.slice(0, 10) : "constructor")}`;
  const fingerprint = keccak256(concat([to ?? "0x", numberToHex(value, { size: 32 }), data]));
  return { key, to, data, value, gas, deadline, label, fingerprint, abi: [...abi, ...errors] };
}

function encode({ abi, functionName, args, key }: FunctionCall): Hex {
  try {
    return encodeFunctionData({ abi, functionName, args: args as readonly unknown[] });
  } catch (cause) {
    const { shortMessage, message } = cause as { shortMessage?: string; message: string };
    throw new SuretyError(
      "TX_BAD_CALL",
      `"${key}" cannot be encoded as a call of ${functionName}: ${shortMessage ?? message}`,
      { cause },
    );
  }
}
