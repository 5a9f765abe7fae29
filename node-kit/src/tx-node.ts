import { SuretyError } from "@surety/protocol";
import {
  type Address,
  BaseError,
  type Hash,
  type Hex,
  type PublicClient,
  RpcRequestError,
  TransactionNotFoundError,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
} from "viem";
import { rpc } from "./chain-client.ts";
import type { Clock } from "./clock.ts";

/** What a sender has to know of the newest block. */
export type TxHead = { number: bigint; timestamp: bigint; baseFee: bigint };

/** A call as the node takes it. */
export type TxCall = { to: Address | undefined; data: Hex; value: bigint; gas: bigint | undefined };

/** The node, as far as one sender needs it. Everything throws CHAIN_RPC when there is no answer, if not said otherwise. */
export type TxNode = {
  head(): Promise<TxHead>;
  /** Transactions of the account: mined ones, or with those that wait. */
  count(tag: "latest" | "pending"): Promise<number>;
  balance(): Promise<bigint>;
  /** Priority fee that the node suggests, in wei; kept for five seconds. */
  priority(): Promise<bigint>;
  /**
   * Runs a call on the state after everything that waits, in the time of the next block, without sending it.
   *
   * @returns Gas it takes, or the given limit.
   * @throws What viem throws, so that the reason can be decoded.
   */
  simulate(call: TxCall): Promise<bigint>;
  /** Runs a call on the state after a block, for its reason. Throws as {@link simulate}. */
  replay(call: TxCall, blockNumber: bigint): Promise<void>;
  /**
   * Hands signed bytes over. It never decides what became of them: "already known" and "nonce too low" are errors too.
   *
   * @returns undefined if taken, else what the node said, and whether it said so (and was not merely silent).
   */
  broadcast(raw: Hex): Promise<{ text: string; isAnswer: boolean } | undefined>;
  /** Whether the node has this transaction, waiting or mined. */
  knows(hash: Hash): Promise<boolean>;
  /** The receipt of whichever of these was mined, in a block that the node still has. */
  receipt(hashes: readonly Hash[]): Promise<TransactionReceipt | undefined>;
};

const PRIORITY_MS = 5_000;

/** Makes the node's view for one account. */
export function createTxNode(client: PublicClient, account: Address, clock: Clock): TxNode {
  let priority: { value: bigint; until: number } | undefined;
  return {
    head: () =>
      rpc("the newest block", async () => {
        const { number, timestamp, baseFeePerGas } = await client.getBlock({ includeTransactions: false });
        if (baseFeePerGas === null) {
          throw new SuretyError(
            "CHAIN_NO_BASE_FEE",
            "This chain has no base fee (EIP-1559); Surety sends no legacy transactions.",
          );
        }
        return { number, timestamp, baseFee: baseFeePerGas };
      }),
    count: (blockTag) => rpc("the account's nonce", () => client.getTransactionCount({ address: account, blockTag })),
    balance: () => rpc("the account's balance", () => client.getBalance({ address: account })),
    async priority() {
      if (!priority || priority.until < clock.now()) {
        const value = await rpc("the priority fee", () => client.estimateMaxPriorityFeePerGas());
        priority = { value, until: clock.now() + PRIORITY_MS };
      }
      return priority.value;
    },
    async simulate({ gas, ...call }) {
      const common = { ...withTarget(call), account, blockTag: "pending" as const };
      if (gas === undefined) return client.estimateGas(common);
      await client.call({ ...common, gas });
      return gas;
    },
    async replay(call, blockNumber) {
      await client.call({ ...withTarget(call), account, blockNumber });
    },
    async broadcast(serializedTransaction) {
      try {
        await client.sendRawTransaction({ serializedTransaction });
        return undefined;
      } catch (error) {
        return { text: shortText(error), isAnswer: isAnswer(error) };
      }
    },
    knows: (hash) =>
      rpc("a transaction", async () => {
        try {
          await client.getTransaction({ hash });
          return true;
        } catch (error) {
          if (error instanceof TransactionNotFoundError) return false;
          throw error;
        }
      }),
    receipt: (hashes) =>
      rpc("a receipt", async () => {
        for (const hash of hashes) {
          try {
            return await client.getTransactionReceipt({ hash });
          } catch (error) {
            if (!(error instanceof TransactionReceiptNotFoundError)) throw error;
          }
        }
        return undefined;
      }),
  };
}

function withTarget({ to, data, value }: Omit<TxCall, "gas">) {
  return { data, value, ...(to && { to }) };
}

/** Codes by which nodes say that a transaction is not acceptable, rather than that they have trouble of their own. */
const REFUSALS = new Set([-32000, -32003, -32010, -32602]);

/** Whether the node answered that it does not take this, as opposed to being silent, busy or broken. */
export function isAnswer(error: unknown): boolean {
  if (!(error instanceof BaseError)) return false;
  const answer = error.walk((one) => one instanceof RpcRequestError);
  return answer instanceof RpcRequestError && REFUSALS.has(answer.code);
}

/** What the node said, in one line. */
export function shortText(error: unknown): string {
  if (!(error instanceof BaseError)) return String(error);
  const answer = error.walk((one) => one instanceof RpcRequestError);
  return answer instanceof RpcRequestError ? answer.details : error.details || error.shortMessage;
}
