// Serves an in-process chain with a block every 200 ms over HTTP JSON-RPC: node scripts/chain.ts [port]
import hre from "hardhat";
import { createTestClient, http } from "viem";

const port = Number(process.argv[2] ?? (process.send ? 0 : 8545));
const server = await hre.network.createServer({ network: "devnet" }, "127.0.0.1", port);
const listening = await server.listen();
const url = `http://${listening.address}:${listening.port}`;
// The chain's clock starts with the process and is then behind by what starting took: set it to the host's.
const client = createTestClient({ mode: "hardhat", transport: http(url) });
const second = Math.ceil(Date.now() / 1000);
await new Promise((resolve) => setTimeout(resolve, second * 1000 - Date.now()));
await client.setNextBlockTimestamp({ timestamp: BigInt(second) });
await client.mine({ blocks: 1 });

const stop = async () => {
  await server.close();
  process.exit(0);
};
process.once("SIGINT", stop).once("SIGTERM", stop);
if (process.send) {
  // A chain that nobody waits for any more must not stay; when its parent is interrupted, the parent ends it.
  process
    .once("disconnect", stop)
    .removeAllListeners("SIGINT")
    .on("SIGINT", () => undefined);
  process.send({ ready: { url } });
} else console.log(url);
