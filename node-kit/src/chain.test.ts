import { join } from "node:path";
import { inspect } from "node:util";
import { expect } from "chai";
import fc from "fast-check";
import { type Address, createPublicClient } from "viem";
import { createLogReader, eventsOf, type LogBatch } from "./chain.ts";
import { createChainClient, pinChain } from "./chain-client.ts";
import { createRpc } from "./rpc.ts";
import { openStore, type Store } from "./store.ts";
import { startChain, type TestChain } from "./testing/chain.ts";
import { tillAbi } from "./testing/contract.ts";
import { testDirectory } from "./testing/directory.ts";
import { failure } from "./testing/expect.ts";
import { proxyRpc, type RpcProxy } from "./testing/rpc-proxy.ts";

const events = eventsOf(tillAbi);
type Batch = LogBatch<typeof events>;

describe("log reader", function () {
  this.timeout(30_000);
  const directory = testDirectory();
  let chain: TestChain;
  let proxy: RpcProxy;
  let till: Address;
  let store: Store;
  let stores = 0;

  before(async () => {
    chain = await startChain();
    proxy = await proxyRpc(chain);
    till = await chain.deploy();
  });
  after(async () => {
    await proxy.close();
    await chain.close();
    directory.remove();
  });
  beforeEach(() => {
    proxy.rules = async () => undefined;
    store = openStore({
      directory: join(directory.path, String(stores++)),
      migrations: ["CREATE TABLE total (block INTEGER, amount INTEGER) STRICT"],
    });
  });
  afterEach(() => store.close());

  const client = () =>
    createPublicClient({
      transport: createRpc({ urls: [`${proxy.url}/v3/api-key`], http: chain.http, retryCount: 0 }),
      cacheTime: 0,
    });
  const reader = async (
    options: { confirmations?: number; trail?: number; chunk?: number; fromBlock?: bigint } = {},
  ) => {
    const fromBlock = (await chain.client.getBlockNumber()) + 1n;
    return createLogReader({
      client: client(),
      store,
      addresses: [till],
      events,
      fromBlock,
      confirmations: 0,
      ...options,
    });
  };
  const add = async (...amounts: bigint[]) => {
    for (const amount of amounts) await chain.till(till, "add", amount);
    await chain.mine();
  };
  const amounts = ({ logs }: Batch) => logs.map(({ args }) => Number(args.amount));

  /** A consumer as daemons have them: rows that follow from logs, dropped from the changed block on. */
  const consume = (batch: Batch) => {
    if (batch.reorged !== undefined) store.db.prepare("DELETE FROM total WHERE block >= ?").run(batch.reorged);
    const insert = store.db.prepare("INSERT INTO total VALUES (?, ?)");
    for (const { blockNumber, args } of batch.logs) insert.run(blockNumber, args.amount);
  };
  const rows = () =>
    store.db
      .prepare("SELECT amount FROM total ORDER BY rowid")
      .all()
      .map(({ amount }) => amount);

  it("gives logs in order, decoded, once they were saved never again, and the head's time", async () => {
    const logs = await reader();
    await add(1n, 2n);
    await add(3n);
    const first = await logs.poll();
    expect(amounts(first)).to.deep.equal([1, 2, 3]);
    expect(first.logs.map(({ eventName }) => eventName)).to.deep.equal(["Added", "Added", "Added"]);
    const block = await chain.client.getBlock();
    expect(first.head).to.deep.equal({ number: block.number, timestamp: block.timestamp, hash: block.hash });
    expect(first).to.include({ caughtUp: true }).and.not.have.property("reorged");
    expect(amounts(await logs.poll()), "not saved yet").to.deep.equal([1, 2, 3]);
    first.save();
    expect(amounts(await logs.poll())).to.deep.equal([]);
    await failure("CHAIN_BATCH_STALE", () => first.save());
    await add(4n);
    expect(amounts(await logs.poll())).to.deep.equal([4]);
  });

  it("keeps cursor and rows together: a handler that fails takes its batch back", async () => {
    const logs = await reader();
    await add(1n, 2n);
    let calls = 0;
    const failing = logs.drain((batch) => {
      consume(batch);
      calls += 1;
      throw new Error("no space");
    });
    expect(await failing.catch((error) => error.message)).to.equal("no space");
    expect({ calls, rows: rows() }).to.deep.equal({ calls: 1, rows: [] });
    await logs.drain(consume);
    await logs.drain(consume);
    expect(rows()).to.deep.equal([1, 2]);
  });

  it("waits for confirmations", async () => {
    const logs = await reader({ confirmations: 2 });
    await add(5n);
    expect(amounts(await logs.poll())).to.deep.equal([]);
    await chain.mine(2);
    expect(amounts(await logs.poll())).to.deep.equal([5]);
  });

  it("finds a change of the chain, reports the first changed block, and reads the new one", async () => {
    const logs = await reader();
    await add(1n);
    await logs.drain(consume);
    const common = await chain.client.getBlockNumber();
    const snapshot = await chain.call("evm_snapshot");
    for (const amount of [2n, 3n, 4n]) {
      await add(amount);
      await logs.drain(consume);
    }
    expect(rows()).to.deep.equal([1, 2, 3, 4]);
    await chain.call("evm_revert", snapshot);
    await chain.call("evm_increaseTime", 7);
    await add(20n);
    await add(3n);
    await chain.mine(3);
    const batch = await logs.poll();
    expect(batch.reorged).to.equal(common + 1n);
    expect(amounts(batch)).to.deep.equal([20, 3]);
    await logs.drain(consume);
    expect(rows()).to.deep.equal([1, 20, 3]);
  });

  it("finds a change to a chain that is still shorter, and one below everything it kept", async () => {
    const snapshot = await chain.call("evm_snapshot");
    const logs = await reader({ trail: 2 });
    for (const amount of [2n, 3n, 4n, 5n, 6n]) {
      await add(amount);
      await logs.drain(consume);
    }
    const again = String(await chain.call("evm_revert", snapshot).then(() => chain.call("evm_snapshot")));
    await chain.call("evm_increaseTime", 7);
    await add(7n);
    await add(8n);
    await add(9n);
    await logs.drain(consume);
    expect(rows(), "shorter").to.deep.equal([7, 8, 9]);
    await chain.call("evm_revert", again);
    await chain.call("evm_increaseTime", 70);
    for (const amount of [11n, 12n, 13n, 14n, 15n, 16n]) await add(amount);
    await logs.drain(consume);
    expect(rows(), "below everything").to.deep.equal([11, 12, 13, 14, 15, 16]);
  });

  it("ends with the rows of the node's chain after any order of blocks, changes and crashes", async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ does: fc.constant("add" as const), amount: fc.integer({ min: 1, max: 100 }) }),
      },
      { weight: 2, arbitrary: fc.record({ does: fc.constant("poll" as const), crash: fc.boolean() }) },
      {
        weight: 1,
        arbitrary: fc.record({ does: fc.constant("change" as const), depth: fc.integer({ min: 1, max: 6 }) }),
      },
    );
    const check = async (steps: (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) => {
      const start = await chain.client.getBlockNumber();
      const logs = await reader({ trail: 3, chunk: 2 });
      store.db.exec("DELETE FROM total; DELETE FROM trail");
      const snapshots: unknown[] = [await chain.call("evm_snapshot")];
      for (const one of steps) {
        if (one.does === "add") {
          await add(BigInt(one.amount));
          snapshots.push(await chain.call("evm_snapshot"));
        } else if (one.does === "change") {
          const kept = Math.max(1, snapshots.length - one.depth);
          await chain.call("evm_revert", snapshots[kept - 1]);
          snapshots.splice(kept - 1);
          await chain.call("evm_increaseTime", 3);
          snapshots.push(await chain.call("evm_snapshot"));
        } else if (one.crash) {
          await logs.poll();
        } else {
          await logs.drain(consume);
        }
      }
      // A chain that is shorter than anything known is taken for a node that is behind: let it grow past that.
      await add(99n);
      await chain.mine(14);
      await logs.drain(consume);
      const true_ = await chain.client.getLogs({
        address: till,
        fromBlock: start + 1n,
        toBlock: "latest",
        events,
        strict: true,
      });
      expect(rows()).to.deep.equal(true_.map(({ args }) => Number(args.amount)));
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), check), { numRuns: 12 });
  });

  it("takes a node that is behind for what it is", async () => {
    const logs = await reader();
    const before = await chain.client.getBlockNumber();
    await add(1n);
    await add(2n);
    await logs.drain(consume);
    for (const lag of [1n, 2n, 3n]) {
      proxy.rules = async ({ method, params }, real) => {
        if (method !== "eth_getBlockByNumber" || params[0] !== "latest") return undefined;
        const latest = `0x${(before + 2n - lag).toString(16)}`;
        return { result: await real({ method, params: [latest, false] }) };
      };
      const batch = await logs.poll();
      expect(batch, `behind by ${lag}`).to.not.have.property("reorged");
      expect(amounts(batch)).to.deep.equal([]);
      batch.save();
    }
    proxy.rules = async () => undefined;
    await add(3n);
    await logs.drain(consume);
    expect(rows()).to.deep.equal([1, 2, 3]);
  });

  it("halves its requests when the node refuses the range, and reads everything once", async () => {
    const logs = await reader({ chunk: 64 });
    for (let i = 1; i <= 5; i++) {
      await add(BigInt(i));
      await chain.mine(9);
    }
    const spans: number[] = [];
    proxy.rules = async ({ method, params }) => {
      if (method !== "eth_getLogs") return undefined;
      const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
      const span = Number(toBlock) - Number(fromBlock) + 1;
      spans.push(span);
      return span > 10 ? { error: { code: -32005, message: "query returned more than 10000 results" } } : undefined;
    };
    let batches = 0;
    await logs.drain((batch) => {
      batches += 1;
      consume(batch);
    });
    expect(rows()).to.deep.equal([1, 2, 3, 4, 5]);
    expect(batches).to.be.greaterThan(4);
    expect(spans.slice(0, 4)).to.deep.equal([50, 25, 12, 6]);
  });

  it("asks again for a block whose bloom filter promises logs that did not come", async () => {
    const logs = await reader();
    await add(1n);
    await add(2n);
    proxy.rules = async ({ method, params }) =>
      method === "eth_getLogs" && "toBlock" in (params[0] as object) ? { result: [] } : undefined;
    expect(amounts(await logs.poll())).to.deep.equal([1, 2]);
  });

  it("refuses logs of another chain or contract, and says that the chain moves", async () => {
    const logs = await reader();
    await add(1n);
    for (const change of [
      { blockHash: `0x${"ab".repeat(32)}` },
      { address: `0x${"12".repeat(20)}` },
      { blockNumber: "0x1" },
    ]) {
      proxy.rules = async ({ method }, real) =>
        method === "eth_getLogs"
          ? { result: ((await real()) as object[]).map((log) => ({ ...log, ...change })) }
          : undefined;
      expect((await failure("CHAIN_MOVING", () => logs.poll())).retryable).to.equal(true);
    }
    proxy.rules = async () => undefined;
    expect(amounts(await logs.poll())).to.deep.equal([1]);
  });

  it("reports an endpoint that is down or answers nonsense as retryable, without its address", async () => {
    const logs = await reader();
    await add(1n);
    for (const answer of [{ error: "hang up" }, {}, { error: "text" }, { result: { number: "nonsense" } }]) {
      proxy.rules = async () => answer;
      const error = await failure("CHAIN_RPC", () => logs.poll());
      expect(error.retryable).to.equal(true);
      expect(inspect(error, { depth: 9 })).not.to.contain("api-key");
    }
    proxy.rules = async () => undefined;
    expect(amounts(await logs.poll())).to.deep.equal([1]);
  });

  it("asks the second endpoint when the first fails", async () => {
    await add(1n);
    proxy.rules = async () => ({ error: "hang up" });
    const two = createChainClient({ urls: [proxy.url, chain.url], chainId: 31337, http: chain.http });
    expect(await two.getBlockNumber()).to.equal(await chain.client.getBlockNumber());
  });

  it("keeps a store with one chain", async () => {
    await pinChain(client(), 31337, store);
    await pinChain(client(), 31337, store);
    const wrong = await failure("CHAIN_WRONG_ID", () => pinChain(client(), 1, store));
    expect(wrong.message).to.contain("serves chain id 31337; configured is 1");
    const other = await startChain();
    await failure("CHAIN_OTHER_GENESIS", () => pinChain(other.client, 31337, store));
    await other.close();
  });

  it("wants contracts and events", async () => {
    const empty = { client: client(), store, events, fromBlock: 0n, confirmations: 0 };
    await failure("CHAIN_READER_EMPTY", () => createLogReader({ ...empty, addresses: [] }));
    await failure("CHAIN_READER_EMPTY", () => createLogReader({ ...empty, addresses: [till], events: [] }));
  });
});
