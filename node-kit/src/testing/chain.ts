import hre from "hardhat";
import {
  type Address,
  createPublicClient,
  encodeDeployData,
  encodeFunctionData,
  type Hex,
  type PublicClient,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { createHttp, type Http } from "../http.ts";
import { createRpc } from "../rpc.ts";
import { tillAbi, tillBytecode } from "./contract.ts";

/** Hardhat's development accounts, which hold money on every chain it starts. */
export const accounts = [account(0), account(1), account(2), account(3)] as const;

function account(addressIndex: number) {
  return mnemonicToAccount("test test test test test test test test test test test junk", { addressIndex });
}

/** A real chain in this process, served over HTTP. */
export type TestChain = {
  url: string;
  http: Http;
  client: PublicClient;
  /** Any method of the node, as evm_mine. */
  call(method: string, ...params: unknown[]): Promise<unknown>;
  mine(blocks?: number): Promise<void>;
  /** Deploys the test contract and mines it. */
  deploy(): Promise<Address>;
  /** Sends a call of the test contract from account 3, without mining it. */
  till(to: Address, functionName: "add" | "take", amount: bigint): Promise<Hex>;
  close(): Promise<void>;
};

/**
 * Starts a chain.
 *
 * @param interval Milliseconds between blocks; 0: blocks come by `mine` only.
 */
export async function startChain(interval = 0): Promise<TestChain> {
  const override = { mining: { auto: false, interval }, loggingEnabled: false };
  const server = await hre.network.createServer({ network: "local", override }, "127.0.0.1", 0);
  const { address, port } = await server.listen();
  const url = `http://${address}:${port}`;
  const http = createHttp({ allowHttp: true, allowPrivate: true });
  const client = createPublicClient({ transport: createRpc({ urls: [url], http }), cacheTime: 0 });
  const call = (method: string, ...params: unknown[]) =>
    client.request({ method, params } as never) as Promise<unknown>;
  const from = accounts[3].address;
  const send = (to: Address | undefined, data: Hex) =>
    call("eth_sendTransaction", { from, data, gas: "0x200000", ...(to && { to }) }) as Promise<Hex>;
  const mine = async (blocks = 1) => {
    for (let i = 0; i < blocks; i++) await call("evm_mine");
  };
  return {
    url,
    http,
    client,
    call,
    mine,
    async deploy() {
      const hash = await send(undefined, encodeDeployData({ abi: tillAbi, bytecode: tillBytecode() }));
      if (interval === 0) await mine();
      const { contractAddress } = await client.waitForTransactionReceipt({ hash, pollingInterval: 50 });
      if (!contractAddress) throw new Error("the test contract was not deployed");
      return contractAddress;
    },
    till: (to, functionName, amount) => send(to, encodeFunctionData({ abi: tillAbi, functionName, args: [amount] })),
    async close() {
      await http.close();
      await server.close();
    },
  };
}
