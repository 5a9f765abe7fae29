import { SuretyError } from "@surety/protocol";
import { network } from "hardhat";
import {
  type Address,
  BaseError,
  decodeErrorResult,
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
  type Hex,
  numberToHex,
  parseAbi,
} from "viem";
import { type ContractName, readArtifact } from "../../scripts/lib/artifacts.ts";

/** A log of a transaction. */
export type ChainLog = { address: Address; topics: [Hex, ...Hex[]]; data: Hex };
/** What became of a transaction. */
export type Receipt = { gasUsed: number; logs: ChainLog[]; contractAddress: Address | null };
/** A block as the node tells it. */
export type Block = Record<string, unknown> & { hash: Hex; number: Hex; timestamp: Hex };

/** An in-process chain whose time moves only when told: one block per transaction. */
export type Chain = {
  readonly id: bigint;
  /** Unix seconds of the next transaction. */
  readonly now: bigint;
  /** Moves time on; never back. */
  at(time: bigint): void;
  /** Lets an address send without its key, and gives it ether. */
  open(address: Address): Promise<void>;
  create(from: Address, name: ContractName, args: readonly unknown[]): Promise<Receipt>;
  send(from: Address, to: Address, name: ContractName, fn: string, args: readonly unknown[]): Promise<Receipt>;
  read<T>(to: Address, name: ContractName, fn: string, args: readonly unknown[]): Promise<T>;
  /** Mines an empty block with this prevrandao, now. @returns it and its parent */
  mine(prevRandao: Hex): Promise<{ block: Block; parent: Block }>;
  nonce(address: Address): Promise<bigint>;
  /** Back to the chain's first moment, as if nothing had been sent: much cheaper than another chain. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

/** Below the limit that a transaction has since Osaka. */
const GAS = numberToHex(16_000_000);
const ETHER = numberToHex(10n ** 24n);
const START = "2026-01-01T00:00:00Z";
const TOKEN_ERRORS = parseAbi([
  "error ERC20InsufficientBalance(address sender, uint256 have, uint256 need)",
  "error ERC20InsufficientAllowance(address spender, uint256 have, uint256 need)",
]);

/** Starts a chain. */
export async function startChain(): Promise<Chain> {
  const override = { mining: { auto: true, interval: 0 }, initialDate: START };
  const connection = await network.create({ network: "local", override });
  const request = async <T>(method: string, params: unknown[] = []): Promise<T> =>
    (await connection.provider.request({ method, params })) as T;
  const first = BigInt((await request<Block>("eth_getBlockByNumber", ["latest", false])).timestamp) + 1n;
  const id = BigInt(await request<Hex>("eth_chainId"));
  let snapshot = await request<Hex>("evm_snapshot");
  let now = first;

  const transact = async (what: string, name: ContractName, transaction: Record<string, unknown>): Promise<Receipt> => {
    await request("evm_setNextBlockTimestamp", [numberToHex(now)]);
    const hash = await request<Hex>("eth_sendTransaction", [{ ...transaction, gas: GAS }]).catch((error) => {
      throw refused(what, name, error);
    });
    const receipt = await request<{ gasUsed: Hex; logs: ChainLog[]; contractAddress: Address | null }>(
      "eth_getTransactionReceipt",
      [hash],
    );
    return { ...receipt, gasUsed: Number(receipt.gasUsed) };
  };
  const blockAt = (number: bigint) => request<Block>("eth_getBlockByNumber", [numberToHex(number), false]);

  return {
    id,
    get now() {
      return now;
    },
    at(time) {
      if (time < now) throw new RangeError(`time is ${now}, cannot go back to ${time}`);
      now = time;
    },
    async open(address) {
      await request("hardhat_impersonateAccount", [address]);
      await request("hardhat_setBalance", [address, ETHER]);
    },
    async create(from, name, args) {
      const { abi, bytecode } = readArtifact(name);
      const data = encodeDeployData({ abi, bytecode, args } as Parameters<typeof encodeDeployData>[0]);
      return transact(`new ${name}`, name, { from, data });
    },
    async send(from, to, name, fn, args) {
      const data = encodeFunctionData({ abi: readArtifact(name).abi, functionName: fn, args });
      return transact(`${name}.${fn}`, name, { from, to, data });
    },
    async read<T>(to: Address, name: ContractName, fn: string, args: readonly unknown[]) {
      const { abi } = readArtifact(name);
      const data = encodeFunctionData({ abi, functionName: fn, args });
      const result = await request<Hex>("eth_call", [{ to, data, gas: GAS }, "latest"]).catch((error) => {
        throw refused(`${name}.${fn}`, name, error);
      });
      return decodeFunctionResult({ abi, functionName: fn, data: result, args }) as T;
    },
    async mine(prevRandao) {
      await request("hardhat_setPrevRandao", [prevRandao]);
      await request("evm_setNextBlockTimestamp", [numberToHex(now)]);
      await request("evm_mine");
      const block = await request<Block>("eth_getBlockByNumber", ["latest", false]);
      return { block, parent: await blockAt(BigInt(block.number) - 1n) };
    },
    nonce: async (address) => BigInt(await request<Hex>("eth_getTransactionCount", [address, "latest"])),
    async restart() {
      await request("evm_revert", [snapshot]);
      snapshot = await request<Hex>("evm_snapshot");
      now = first;
    },
    close: () => connection.close(),
  };
}

/** What a contract says of a call that it refuses. */
function refused(what: string, name: ContractName, cause: unknown): SuretyError {
  const { data } = cause as { data?: Hex | { data?: Hex } };
  const raw = typeof data === "object" ? data?.data : data;
  let said = cause instanceof Error ? cause.message : String(cause);
  try {
    const { errorName, args } = decodeErrorResult({ abi: [...readArtifact(name).abi, ...TOKEN_ERRORS], data: raw! });
    said = `${errorName}(${(args ?? []).map(String).join(", ")})`;
  } catch (error) {
    if (!(error instanceof BaseError || error instanceof TypeError)) throw error;
  }
  return new SuretyError("SIM_REFUSED", `${what} was refused: ${said}`, { cause });
}
