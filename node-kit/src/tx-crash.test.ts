import { join } from "node:path";
import { expect } from "chai";
import { openStore } from "./store.ts";
import { accounts, startChain, type TestChain } from "./testing/chain.ts";
import { tillAbi } from "./testing/contract.ts";
import { testDirectory } from "./testing/directory.ts";
import { runProgram } from "./testing/program.ts";
import { proxyRpc, type RpcProxy } from "./testing/rpc-proxy.ts";

/** Wants every transaction of a list done, whatever was done before: what daemons do at every start. */
const PROGRAM = `
  import { createPublicClient } from "viem";
  import { mnemonicToAccount } from "viem/accounts";
  import { createHttp } from "./http.ts";
  import { createLog } from "./log.ts";
  import { createRpc } from "./rpc.ts";
  import { openStore } from "./store.ts";
  import { createSender } from "./tx.ts";
  const { url, directory, till, tillAbi, count } = values;
  const http = createHttp({ allowHttp: true, allowPrivate: true });
  const client = createPublicClient({ transport: createRpc({ urls: [url], http }), cacheTime: 0 });
  const account = mnemonicToAccount("test test test test test test test test test test test junk");
  const store = openStore({ directory });
  const log = createLog({ name: "child", level: "error" });
  const sender = createSender({ client, account, chain: { id: 31337 }, store, log, pollMs: 50 });
  const one = async (i) => {
    await sender.send({ key: "add " + i, to: till, abi: tillAbi, functionName: "add", args: [BigInt(i)] });
    console.log("done", i);
  };
  console.log("started");
  await Promise.all(Array.from({ length: count }, (_, i) => one(i + 1)));
  console.log("all done");
  await sender.close();
  store.close();
  await http.close();`;

describe("transaction sender under kill -9", function () {
  this.timeout(120_000);
  const directory = testDirectory();
  let chain: TestChain;
  let proxy: RpcProxy;
  before(async () => {
    chain = await startChain(100);
    proxy = await proxyRpc(chain);
  });
  after(async () => {
    await proxy.close();
    await chain.close();
    directory.remove();
  });

  it("does everything once, killed before the node has the bytes and after it has them", async () => {
    const till = await chain.deploy();
    const count = 30;
    const values = { url: proxy.url, directory: join(directory.path, "a"), till, tillAbi, count };
    for (const forward of [false, true]) {
      const program = runProgram(PROGRAM, values);
      let sends = 0;
      proxy.rules = async ({ method }, real) => {
        if (method !== "eth_sendRawTransaction" || ++sends < 6) return undefined;
        if (forward && sends === 6) await real();
        program.child.kill("SIGKILL");
        return { error: "hang up" };
      };
      await program.ended;
      expect(sends, "killed while it sent").to.be.at.least(6);
    }
    proxy.rules = async () => undefined;
    const last = runProgram(PROGRAM, values);
    expect(await last.ended).to.equal(0);
    expect(last.lines.at(-1)).to.equal("all done");

    const logs = await chain.client.getLogs({ address: till, event: tillAbi[0], fromBlock: 0n, strict: true });
    const added = logs.map(({ args }) => Number(args.amount));
    expect(added, "in order, each once").to.deep.equal(Array.from({ length: count }, (_, i) => i + 1));
    expect(await chain.client.getTransactionCount({ address: accounts[0].address })).to.equal(count);
    const store = openStore({ directory: values.directory });
    const states = store.db.prepare("SELECT state, count(*) AS n FROM transactions GROUP BY state").all();
    expect(states.map(({ state, n }) => [state, n])).to.deep.equal([["confirmed", count]]);
    store.close();
  });
});
