import type {
  Abi,
  AbiStateMutability,
  Address,
  ContractFunctionArgs,
  ContractFunctionName,
  Hash,
  Hex,
  LocalAccount,
  PublicClient,
} from "viem";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Store } from "./store.ts";

/** Functions that a transaction may call. */
type Writes = Extract<AbiStateMutability, "nonpayable" | "payable">;

/** What every transaction may say. */
type Common = {
  /**
   * Names the act, e.g. "commit epoch 7 round 0". The same key is the same transaction for ever, through restarts: a second
   * `send` waits for the first, and a finished one returns its outcome at once.
   */
  key: string;
  /** Name of the contract for logs and gas figures, e.g. "AttestationHub". Default its address. */
  contract?: string;
  /** Wei to send along. Default 0. */
  value?: bigint;
  /** Gas limit. Default the node's estimate and a quarter. */
  gas?: bigint;
  /** Chain time in seconds from which on the transaction is useless: it is not sent then, nor waited for any longer. */
  deadline?: bigint;
};

/** A call by ABI. */
export type FunctionCall<
  A extends Abi = Abi,
  F extends ContractFunctionName<A, Writes> = ContractFunctionName<A, Writes>,
> = Common & {
  to: Address;
  abi: A;
  functionName: F;
} & (ContractFunctionArgs<A, Writes, F> extends readonly []
    ? { args?: readonly [] }
    : { args: ContractFunctionArgs<A, Writes, F> });

/** Plain data; without `to` it makes a contract. */
export type RawCall = Common & { to?: Address; data: Hex; abi?: Abi; functionName?: undefined };

/** A mined transaction that did what it should. */
export type Receipt = {
  key: string;
  hash: Hash;
  nonce: number;
  blockNumber: bigint;
  blockHash: Hash;
  gasUsed: bigint;
  /** Wei paid for gas. */
  fee: bigint;
  /** The contract that was made, if one was. */
  contractAddress?: Address;
  logs: { address: Address; topics: Hex[]; data: Hex }[];
};

/** Gas used by the mined calls of one function. */
export type GasFigures = { calls: number; min: number; median: number; max: number };

/** What a sender needs, and how it waits. */
export type SenderOptions = {
  client: PublicClient;
  account: LocalAccount;
  /** The chain that was configured; a node that serves another is refused. */
  chain: { id: number };
  store: Store;
  log: Log;
  clock?: Clock;
  /** Errors of contracts further down that may come back through the one called. */
  errors?: Abi;
  /** Milliseconds between looks at the chain while something is under way. Default 1,000; a devnet wants less. */
  pollMs?: number;
  /** Blocks that must have a transaction in or below them before it counts, its own included. Default 1. */
  confirmations?: number;
  /** Seconds of chain time after which the oldest unmined transaction is sent again with higher fees. Default 30. */
  stallSeconds?: number;
  /** Most wei per gas it will ever offer. Default 500 gwei. */
  maxFeePerGas?: bigint;
};

/** One account's transactions, in order. */
export type Sender = {
  readonly address: Address;
  /**
   * Sends a transaction and waits until it is mined. Several may be under way: they get consecutive nonces in the order of
   * the calls and do not wait for each other's receipts. The signed bytes are on the disk before the node gets them.
   *
   * @throws SuretyError
   * nothing was sent: TX_WOULD_REVERT (details: `error`, `args`), TX_DEADLINE, TX_NO_FUNDS, TX_FEE_CAP, TX_NONCE_AHEAD,
   * TX_BAD_CALL, TX_KEY_CONFLICT (the key stands for another call), TX_REJECTED, TX_CLOSED, CHAIN_RPC (the last three retryable);
   * it was sent: TX_REVERTED (mined and refused; details as above), TX_UNKNOWN (not mined by the deadline, or another
   * program used the nonce: find out from the contract's state).
   */
  send<const A extends Abi, F extends ContractFunctionName<A, Writes>>(call: FunctionCall<A, F>): Promise<Receipt>;
  send(call: RawCall): Promise<Receipt>;
  /** Keys under way. */
  pending(): string[];
  /** Waits until nothing is under way. */
  idle(): Promise<void>;
  /** Gas of what was mined, by `Contract.function`, from the first start on. */
  gasUsed(): Record<string, GasFigures>;
  /** Stops looking; what is under way is taken up at the next start. Whoever still waits gets TX_CLOSED. */
  close(): Promise<void>;
};
