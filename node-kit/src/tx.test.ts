import { join } from "node:path";
import { expect } from "chai";
import { type Address, createPublicClient, type Hex, parseTransaction } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createLog } from "./log.ts";
import { createRpc } from "./rpc.ts";
import { openStore, type Store } from "./store.ts";
import { accounts, startChain, type TestChain } from "./testing/chain.ts";
import { tillAbi, tillBytecode } from "./testing/contract.ts";
import { testDirectory } from "./testing/directory.ts";
import { failure } from "./testing/expect.ts";
import { proxyRpc, type RpcProxy } from "./testing/rpc-proxy.ts";
import { createSender } from "./tx.ts";
import type { Sender, SenderOptions } from "./tx-types.ts";

const log = createLog({ name: "test", level: "silent" });
const SEND = "eth_sendRawTransaction";

describe("transaction sender", function () {
  this.timeout(40_000);
  const directory = testDirectory();
  const [alice, bob] = accounts;
  let chain: TestChain;
  let proxy: RpcProxy;
  let till: Address;
  let store: Store;
  let sender: Sender;
  let stores = 0;

  before(async () => {
    chain = await startChain();
    proxy = await proxyRpc(chain);
  });
  after(async () => {
    await proxy.close();
    await chain.close();
    directory.remove();
  });
  beforeEach(async () => {
    proxy.rules = async () => undefined;
    proxy.calls.length = 0;
    till = await chain.deploy();
    store = openStore({ directory: join(directory.path, String(stores++)) });
    sender = start();
  });
  afterEach(async () => {
    await sender.close();
    store.close();
  });

  const start = (options: Partial<SenderOptions> = {}) => {
    const client = createPublicClient({
      transport: createRpc({ urls: [proxy.url], http: chain.http, retryCount: 1 }),
      cacheTime: 0,
    });
    return createSender({ client, account: alice, chain: { id: 31337 }, store, log, pollMs: 20, ...options });
  };
  const call = (functionName: "add" | "take", amount: bigint, key = `${functionName} ${amount}`) =>
    ({ key, contract: "Till", to: till, abi: tillAbi, functionName, args: [amount] }) as const;
  const total = () => chain.client.readContract({ address: till, abi: tillAbi, functionName: "total" });
  const nonce = (blockTag: "latest" | "pending" = "latest", { address } = alice) =>
    chain.client.getTransactionCount({ address, blockTag });
  const until = async (done: () => boolean | Promise<boolean>) => {
    for (let i = 0; i < 500; i++) {
      if (await done()) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error("it did not come to pass");
  };
  const waiting = async (count: number) => until(async () => (await nonce("pending")) - (await nonce()) === count);
  const sent = () => proxy.calls.filter(({ method }) => method === SEND).map(({ params }) => params[0] as Hex);
  /** Answers as if the bytes had been taken, and drops them. */
  const swallow: RpcProxy["rules"] = async ({ method }) =>
    method === SEND ? { result: `0x${"00".repeat(32)}` } : undefined;

  it("sends a call and returns its receipt with logs, gas and fee", async () => {
    const before = await nonce();
    const promise = sender.send(call("add", 7n));
    await waiting(1);
    expect(sender.pending()).to.deep.equal(["add 7"]);
    await chain.mine();
    const receipt = await promise;
    const mined = await chain.client.getTransactionReceipt({ hash: receipt.hash });
    expect(receipt).to.include({ key: "add 7", nonce: before, blockNumber: mined.blockNumber, gasUsed: mined.gasUsed });
    expect(receipt.fee).to.equal(mined.gasUsed * mined.effectiveGasPrice);
    expect(receipt.logs[0]?.address.toLowerCase()).to.equal(till.toLowerCase());
    expect(await total()).to.equal(7n);
    expect(sender.pending()).to.deep.equal([]);
    const used = Number(mined.gasUsed);
    expect(sender.gasUsed()).to.deep.equal({ "Till.add": { calls: 1, min: used, median: used, max: used } });
  });

  it("makes a contract, and refuses a gas limit that the chain does not take", async () => {
    const promise = sender.send({ key: "deploy", contract: "Till", data: tillBytecode() });
    await waiting(1);
    await chain.mine();
    const { contractAddress } = await promise;
    expect(await chain.client.getCode({ address: contractAddress as Address })).to.match(/^0x60/);
    expect(Object.keys(sender.gasUsed())).to.deep.equal(["Till.constructor"]);
    const error = await failure("TX_REJECTED", () => sender.send({ ...call("add", 1n), gas: 61_000_000n }));
    expect(error.message).to.contain("the node does not take Till.add");
    expect(sent()).to.have.length(1);
  });

  it("refuses a call that would be refused, with the contract's reason, and sends nothing", async () => {
    const error = await failure("TX_WOULD_REVERT", () => sender.send(call("add", 200n)));
    expect(error.message).to.contain("Till.add would be refused with TooMuch(have 100, need 200)");
    expect(error.details).to.deep.include({ error: "TooMuch", args: { have: 100n, need: 200n } });
    expect(sent()).to.deep.equal([]);
    const again = sender.send({ ...call("add", 100n), key: "add 200" });
    await waiting(1);
    await chain.mine();
    await again;
  });

  it("sends several in order with consecutive nonces, without waiting, even where one needs the other", async () => {
    const first = await nonce();
    const calls = [call("add", 50n), call("take", 30n), call("take", 20n), call("add", 1n)].map((one) =>
      sender.send(one),
    );
    await waiting(4);
    await chain.mine();
    const receipts = await Promise.all(calls);
    expect(receipts.map((receipt) => receipt.nonce - first)).to.deep.equal([0, 1, 2, 3]);
    expect(new Set(receipts.map((receipt) => receipt.blockNumber)).size).to.equal(1);
    expect(await total()).to.equal(1n);
    expect(sender.gasUsed()["Till.take"]?.calls).to.equal(2);
  });

  it("tries again after what is under way, where the node's trial does not count it", async () => {
    proxy.rules = async ({ method, params }, real) => {
      if (method !== "eth_estimateGas") return undefined;
      return real({ method, params: [params[0], "latest"] }).then(
        (result) => ({ result }),
        ({ details, walk }) => ({
          error: { code: 3, message: details, data: walk.call({}, () => false)?.data ?? "0x" },
        }),
      );
    };
    const add = sender.send(call("add", 50n));
    const take = sender.send(call("take", 30n));
    await waiting(1);
    await chain.mine();
    await add;
    await waiting(1);
    await chain.mine();
    await take;
    expect(await total()).to.equal(20n);
  });

  it("sends one key once: side by side, later, and after a restart; another call under it is refused", async () => {
    const both = [sender.send(call("add", 5n, "k")), sender.send(call("add", 5n, "k"))];
    await waiting(1);
    await chain.mine();
    const [one, two] = await Promise.all(both);
    expect(two).to.deep.equal(one);
    expect(await sender.send(call("add", 5n, "k"))).to.deep.equal(one);
    await sender.close();
    sender = start();
    expect(await sender.send(call("add", 5n, "k"))).to.deep.equal(one);
    await failure("TX_KEY_CONFLICT", () => sender.send(call("add", 6n, "k")));
    expect(await total()).to.equal(5n);
  });

  it("tells why a mined transaction was refused, now and later", async () => {
    const race = (key: string, amount: bigint) =>
      ({ key, contract: "Till", to: till, abi: tillAbi, functionName: "addIf", args: [0n, amount] }) as const;
    const rival = start({ account: bob });
    const first = rival.send(race("rival", 1n));
    await until(async () => (await nonce("pending", bob)) > (await nonce("latest", bob)));
    proxy.rules = async ({ method, params }, real) =>
      method === "eth_estimateGas" ? { result: await real({ method, params: [params[0], "latest"] }) } : undefined;
    const late = failure("TX_REVERTED", () => sender.send(race("late", 2n)));
    await waiting(1);
    await chain.mine();
    await first;
    const error = await late;
    expect(error.message).to.contain("refused with Stale(have 1, need 0)");
    expect((await failure("TX_REVERTED", () => sender.send(race("late", 2n)))).details).to.deep.include({
      args: { have: 1n, need: 0n },
    });
    expect(sender.gasUsed()).to.deep.equal({});
    await rival.close();
  });

  it("does not send after the deadline, and stops waiting at it", async () => {
    const { timestamp } = await chain.client.getBlock();
    const past = await failure("TX_DEADLINE", () => sender.send({ ...call("add", 1n), deadline: timestamp }));
    expect(past.details).to.deep.equal({ have: timestamp, need: timestamp });
    expect(sent()).to.deep.equal([]);
    proxy.rules = swallow;
    const late = failure("TX_UNKNOWN", () => sender.send({ ...call("add", 1n), deadline: timestamp + 100n }));
    await until(() => sent().length === 1);
    await chain.call("evm_increaseTime", 101);
    await chain.mine();
    expect((await late).message).to.contain(`not mined before ${timestamp + 100n}`);
    proxy.rules = async () => undefined;
    await until(() => sent().length === 2);
    // The stalled one was offered with higher fees meanwhile; the node may have that already.
    await chain.call(SEND, sent()[1]).catch(() => undefined);
    await chain.mine();
    await sender.idle();
    expect((await sender.send({ ...call("add", 1n), deadline: timestamp + 100n })).key).to.equal("add 1");
  });

  it("hands the same bytes over again when the node has lost them", async () => {
    proxy.rules = async (one, real) => (sent().length === 1 ? swallow(one, real) : undefined);
    await sender.close();
    sender = start();
    const promise = sender.send(call("add", 3n));
    await until(() => sent().length === 1);
    await sender.close();
    await failure("TX_CLOSED", () => promise);
    sender = start();
    await until(() => sent().length === 2);
    expect(new Set(sent()).size).to.equal(1);
    await chain.mine();
    expect((await sender.send(call("add", 3n))).key).to.equal("add 3");
    expect(await total()).to.equal(3n);
  });

  it("raises both fees of a stuck transaction under the same nonce, and settles whichever form is mined", async () => {
    for (const minedForm of [0, 1]) {
      proxy.calls.length = 0;
      proxy.rules = swallow;
      const promise = sender.send(call("add", 4n, `form ${minedForm}`));
      await until(() => sent().length === 1);
      await chain.call("evm_increaseTime", 31);
      await chain.mine();
      await until(() => sent().length === 2);
      const [first, second] = sent().map((raw) => parseTransaction(raw));
      expect(second?.nonce).to.equal(first?.nonce);
      for (const name of ["maxFeePerGas", "maxPriorityFeePerGas"] as const)
        expect((second?.[name] ?? 0n) * 10n >= (first?.[name] ?? 0n) * 11n, name).to.equal(true);
      await chain.call(SEND, sent()[minedForm]);
      await chain.mine();
      expect((await promise).hash).to.equal(await chain.client.getBlock().then(({ transactions }) => transactions[0]));
    }
    expect(await total()).to.equal(8n);
  });

  it("calls the outcome unknown when somebody else used its nonce, and goes on behind it", async () => {
    proxy.rules = swallow;
    const lost = failure("TX_UNKNOWN", () => sender.send(call("add", 9n)));
    await until(() => sent().length === 1);
    const foreign = {
      chainId: 31337,
      nonce: await nonce(),
      to: bob.address,
      value: 1n,
      gas: 21_000n,
      maxFeePerGas: 10n ** 12n,
      maxPriorityFeePerGas: 10n ** 9n,
    };
    await chain.call(SEND, await alice.signTransaction({ type: "eip1559", ...foreign }));
    await chain.mine();
    expect((await lost).message).to.contain("another program used its nonce");
    proxy.rules = async () => undefined;
    await failure("TX_UNKNOWN", () => sender.send(call("add", 9n)));
    const next = sender.send(call("add", 10n));
    await waiting(1);
    await chain.mine();
    expect((await next).nonce).to.equal(foreign.nonce + 1);
  });

  it("gives the nonce free when the node does not take a transaction, and the key may be tried again", async () => {
    proxy.rules = async ({ method }) =>
      method === SEND ? { error: { code: -32000, message: "txpool is full" } } : undefined;
    const error = await failure("TX_REJECTED", () => sender.send(call("add", 2n)));
    expect(error.message).to.contain("txpool is full");
    expect(error.retryable).to.equal(true);
    expect(sender.pending()).to.deep.equal([]);
    proxy.rules = async () => undefined;
    const first = await nonce();
    const both = [sender.send(call("add", 3n)), sender.send(call("add", 2n))];
    await waiting(2);
    await chain.mine();
    expect((await Promise.all(both)).map((receipt) => receipt.nonce - first)).to.deep.equal([0, 1]);
    expect(await total()).to.equal(5n);
  });

  it("believes no refusal of a transaction that the node has, and doubles none that it took all the same", async () => {
    const lie = async (one: { method: string }, real: () => Promise<unknown>) => {
      if (one.method !== SEND) return undefined;
      await real();
      return { error: { code: -32000, message: "already known" } };
    };
    proxy.rules = lie;
    const kept = sender.send(call("add", 2n));
    await waiting(1);
    await chain.mine();
    await kept;
    proxy.rules = async (one, real) => (one.method === "eth_getTransactionByHash" ? { result: null } : lie(one, real));
    await failure("TX_REJECTED", () => sender.send(call("add", 3n)));
    await chain.mine();
    proxy.rules = async () => undefined;
    expect((await sender.send(call("add", 3n))).key).to.equal("add 3");
    expect(await total()).to.equal(5n);
  });

  it("keeps a transaction under way when the node says no and cannot be asked whether it has it", async () => {
    proxy.rules = async ({ method }, real) => {
      if (method === "eth_getTransactionByHash") return { error: "hang up" };
      if (method !== SEND) return undefined;
      await real().catch(() => undefined);
      return { error: { code: -32000, message: "busy" } };
    };
    const promise = sender.send(call("add", 6n));
    await waiting(1);
    await chain.mine();
    expect((await promise).key).to.equal("add 6");
    expect(await total()).to.equal(6n);
  });

  it("sends nothing when the node is down, and loses nothing when it goes down while it takes a transaction", async () => {
    proxy.rules = async () => ({ error: "hang up" });
    expect((await failure("CHAIN_RPC", () => sender.send(call("add", 1n)))).retryable).to.equal(true);
    // The client shares answers between equal questions: let those that will fail be over.
    await new Promise((resolve) => setTimeout(resolve, 500));
    proxy.rules = async ({ method }, real) => {
      if (method === SEND) await real().catch(() => undefined);
      return method === SEND ? { error: "hang up" } : undefined;
    };
    const promise = sender.send(call("add", 1n));
    await waiting(1);
    await chain.mine();
    await promise;
    expect(await total()).to.equal(1n);
  });

  it("waits for confirmations", async () => {
    await sender.close();
    sender = start({ confirmations: 3 });
    let done = false;
    const promise = sender.send(call("add", 1n)).then(() => {
      done = true;
    });
    await waiting(1);
    await chain.mine(2);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(done).to.equal(false);
    await chain.mine();
    await promise;
  });

  it("names missing funds, a fee above the cap, a foreign chain, and calls that cannot be encoded", async () => {
    const poor = start({ account: privateKeyToAccount(generatePrivateKey()) });
    const error = await failure("TX_NO_FUNDS", () => poor.send(call("add", 1n)));
    expect(error.message).to.contain(poor.address).and.contain("has 0");
    const mean = start({ maxFeePerGas: 1n });
    await failure("TX_FEE_CAP", () => mean.send(call("add", 1n)));
    const other = openStore({ directory: join(directory.path, "other") });
    const wrong = start({ chain: { id: 1 }, store: other });
    await failure("CHAIN_WRONG_ID", () => wrong.send(call("add", 1n)));
    await failure("TX_BAD_CALL", () => sender.send({ ...call("add", 1n), args: ["x"] as never }));
    await failure("TX_BAD_CALL", () => sender.send(call("add", 1n, "")));
    expect(sent()).to.deep.equal([]);
    for (const one of [poor, mean, wrong]) await one.close();
    other.close();
    await failure("TX_CLOSED", () => poor.send(call("add", 1n)));
  });
});
