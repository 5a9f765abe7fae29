import type { Clock, EpochTimes } from "@surety/protocol";
import type { Address, Hex } from "viem";

/** Facts that never change while a provider runs. */
export type ChainIdentity = {
  chainId: number;
  /** Holds the epoch logs, and is the verifying contract of the receipts' domain. */
  receiptLog: Address;
  /** The address that registered, for ever; the signing key is its operator. */
  provider: Address;
  clock: Clock;
};

/** Number and Unix second of a block. */
export type Head = { number: bigint; timestamp: bigint };

/** What a promise allows in an epoch. */
export type PromiseTerms = {
  /** Units per second. */
  capacity: bigint;
};

/** A log as the chain holds it; `m` is its number of samples. */
export type CommittedLog = { root: Hex; units: bigint; count: number; m: number };

/** The arguments of `ReceiptLog.commit`. */
export type LogCommit = { modelId: Hex; epoch: bigint; root: Hex; count: number; units: bigint; slots: bigint };

/** All that a provider asks of the chain. */
export type ProviderChain = {
  readonly identity: ChainIdentity;
  head(): Promise<Head>;
  /** All moments of an epoch; fixed for epochs up to the next one. */
  times(epoch: bigint): Promise<EpochTimes>;
  /** Seconds in which whoever is asked before the court has to answer; fixed as `times` is. */
  answerWindow(epoch: bigint): Promise<bigint>;
  /** The epoch's seed and the Unix second of its draw; null while it is not drawn. */
  seedOf(epoch: bigint): Promise<{ seed: Hex; drawnAt: bigint } | null>;
  /** The provider's own promise for an epoch; null if there is none. Fixed for epochs up to the next one. */
  promiseAt(modelId: Hex, epoch: bigint): Promise<PromiseTerms | null>;
  /** The key that may sign the epoch's receipts. Fixed for epochs up to the next one. */
  operatorAt(epoch: bigint): Promise<Address>;
  /** The provider's own committed log; null if there is none. */
  logOf(modelId: Hex, epoch: bigint): Promise<CommittedLog | null>;
  /** Commits a log and resolves once it is mined; committing the same log again changes nothing. */
  commitLog(log: LogCommit): Promise<void>;
  /** The first epoch of a record that is not settled; null if no promised epoch is left to settle. */
  nextToSettle(modelId: Hex): Promise<bigint | null>;
};
