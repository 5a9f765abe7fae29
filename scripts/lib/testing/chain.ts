import hre from "hardhat";
import { createTestClient, http, publicActions, walletActions } from "viem";

/** A chain with id 31337 in this process, served over HTTP: a block with each transaction and one every second. */
export async function serveChain(options: { hardfork?: string } = {}) {
  const server = await hre.network.createServer({ network: "local", override: options }, "127.0.0.1", 0);
  const { address, port } = await server.listen();
  const url = `http://${address}:${port}`;
  const client = createTestClient({ mode: "hardhat", transport: http(url), pollingInterval: 50 })
    .extend(publicActions)
    .extend(walletActions);
  return {
    url,
    client,
    /** Lets the chain's time pass to `timestamp`, Unix seconds. */
    async passTo(timestamp: bigint): Promise<void> {
      await client.setNextBlockTimestamp({ timestamp });
      await client.mine({ blocks: 1 });
    },
    close: () => server.close(),
  };
}

/** A served chain. */
export type TestChain = Awaited<ReturnType<typeof serveChain>>;

/** Private keys of Hardhat's first accounts, which every development chain funds; public knowledge. */
export const devKeys = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
  "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
  "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
] as const;
