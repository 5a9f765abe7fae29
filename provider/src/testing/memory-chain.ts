import { epochAt, epochTimes, SuretyError, type Windows } from "@surety/protocol";
import type { Address, Hex } from "viem";
import type { CommittedLog, LogCommit, ProviderChain } from "../chain.ts";

/** A chain in memory that keeps the rules of `ReceiptLog.commit`, with levers for what others do. */
export type MemoryChain = ProviderChain & {
  /** Every commit that was accepted, in order. */
  readonly commits: LogCommit[];
  /** Seeds by epoch. */
  readonly seeds: Map<bigint, { seed: Hex; drawnAt: bigint }>;
  /** Promised units per second by model; absent: no promise. */
  readonly capacity: Map<Hex, bigint>;
  operator: Address;
  /** Samples of a log. */
  m: number;
  /** Next epoch to settle. */
  nextToSettle_: bigint | null;
  /** Makes every call fail, as a node that is down. */
  down: boolean;
};

/** Windows short enough for tests, in seconds. */
export const WINDOWS: Windows = {
  logWindow: 2n,
  beaconLag: 1n,
  openWindow: 2n,
  commitWindow: 2n,
  outputWindow: 2n,
  revealWindow: 2n,
  disputeWindow: 5n,
  answerWindow: 1n,
  juryWindow: 1n,
  grace: 1n,
};

export type MemoryChainOptions = {
  genesis: bigint;
  length: bigint;
  provider: Address;
  operator: Address;
  /** Unix milliseconds of the chain. */
  now: () => number;
  windows?: Windows;
};

/** Makes the chain; a block comes with every look at it. */
export function createMemoryChain(options: MemoryChainOptions): MemoryChain {
  const { genesis, length, provider, operator, now, windows = WINDOWS } = options;
  const clock = { genesis, length };
  const logs = new Map<string, CommittedLog>();
  const keyOf = (modelId: Hex, epoch: bigint) => `${modelId}:${epoch}`;
  const time = () => BigInt(Math.floor(now() / 1000));
  let number = 0n;

  const chain: MemoryChain = {
    identity: { chainId: 31337, receiptLog: "0x5fbdb2315678afecb367f032d93f642f64180aa3", provider, clock },
    commits: [],
    seeds: new Map(),
    capacity: new Map(),
    operator,
    m: 12,
    nextToSettle_: 0n,
    down: false,
    head: async () => {
      up();
      number += 1n;
      return { number, timestamp: time() };
    },
    times: async (epoch) => epochTimes(clock, windows, epoch),
    answerWindow: async () => windows.answerWindow,
    seedOf: async (epoch) => {
      up();
      return chain.seeds.get(epoch) ?? null;
    },
    promiseAt: async (modelId, epoch) => {
      up();
      const capacity = chain.capacity.get(modelId);
      return capacity === undefined || epoch < 1n ? null : { capacity };
    },
    operatorAt: async () => {
      up();
      return chain.operator;
    },
    logOf: async (modelId, epoch) => {
      up();
      return logs.get(keyOf(modelId, epoch)) ?? null;
    },
    commitLog: async (log) => {
      up();
      const { end, logEnd } = epochTimes(clock, windows, log.epoch);
      const cap = (chain.capacity.get(log.modelId) ?? 0n) * length;
      const empty = log.count === 0;
      const wrong =
        ((time() < end || time() >= logEnd) && "wrong time") ||
        (logs.has(keyOf(log.modelId, log.epoch)) && "committed") ||
        (log.units > cap && "over capacity") ||
        ((empty !== (log.units === 0n) || empty !== (log.slots === 0n)) && "inconsistent");
      if (wrong) throw new SuretyError("TX_REVERTED", `ReceiptLog.commit: ${wrong}`);
      logs.set(keyOf(log.modelId, log.epoch), {
        root: log.root,
        units: log.units,
        count: log.count,
        m: empty ? 0 : chain.m,
      });
      chain.commits.push(log);
    },
    nextToSettle: async () => chain.nextToSettle_,
  };
  const up = (): void => {
    if (chain.down) throw new SuretyError("CHAIN_RPC", "the node is down", { retryable: true });
  };
  return chain;
}

/** The epoch of a Unix millisecond. */
export const epochOfMs = (chain: ProviderChain, ms: number): bigint =>
  epochAt(chain.identity.clock, BigInt(Math.floor(ms / 1000)));
