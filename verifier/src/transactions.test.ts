import type { FunctionCall, Sender as Transactions } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import { attestationHubAbi, drandBeaconAbi, headerBeaconAbi } from "@surety/sdk";
import { expect } from "chai";
import type { Address, Hex, PublicClient } from "viem";
import type { Call, RevealArgs } from "./ports.ts";
import { simBlock } from "./testing/sim-blocks.ts";
import { createBlocks, createCallSender } from "./transactions.ts";

const hub: Address = `0x${"a1".repeat(20)}`;
const beacon: Address = `0x${"b1".repeat(20)}`;
const drand: Address = `0x${"b2".repeat(20)}`;
const word: Hex = `0x${"5a".repeat(32)}`;

const reveal: RevealArgs = {
  role: 1,
  provider: `0x${"d1".repeat(20)}`,
  modelId: word,
  seat: 2,
  report: 9n,
  dataRoot: word,
  salt: word,
};
const reveals = (count: number, key = `reveal ${count}`): Call => ({
  key,
  contract: "AttestationHub",
  functionName: "reveal",
  args: [7n, Array.from({ length: count }, () => reveal), [], Array.from({ length: count - 1 }, () => true)],
});
const commit: Call = { key: "commit 7", contract: "AttestationHub", functionName: "commit", args: [7n, word] };
const settleMany = (count: number): Call => ({
  key: `settle ${count}`,
  contract: "AttestationHub",
  functionName: "settleAll",
  args: [Array.from({ length: count }, () => ({ provider: reveal.provider, modelId: word }))],
});
const settle = settleMany(1);
const draw: Call = { key: "draw 7", contract: "HeaderBeacon", functionName: "draw", args: [7n, "0x01", "0x02"] };

const drandDraw: Call = {
  key: "draw 8",
  contract: "DrandBeacon",
  functionName: "draw",
  args: [8n, { xHi: 1n, xLo: 2n, yHi: 3n, yLo: 4n }],
};

type Sent = FunctionCall & { gas: bigint; key: string; deadline?: bigint };

/** A sender over an account's queue that does as `script` says, in order, and then sends everything. */
function setup(options: { gasLimit?: bigint; script?: Error[] } = {}) {
  const { gasLimit = 36_000_000n, script = [] } = options;
  const sent: Sent[] = [];
  let blocksRead = 0;
  const transactions = {
    async send(call: Sent) {
      sent.push(call);
      const error = script.shift();
      if (error) throw error;
    },
  } as unknown as Transactions;
  const client = {
    async getBlock() {
      blocksRead++;
      return { gasLimit };
    },
  } as unknown as PublicClient;
  const contracts = { AttestationHub: hub, HeaderBeacon: beacon, DrandBeacon: drand };
  const { send } = createCallSender({ client, transactions, contracts });
  return { send, sent, blocksRead: () => blocksRead };
}

const reverted = (code: string, details?: Record<string, unknown>) =>
  new SuretyError(code, "refused", details && { details });

describe("createCallSender", () => {
  it("sends each call to its contract with its ABI, arguments and deadline", async () => {
    const { send, sent } = setup();
    for (const call of [commit, reveals(1), settle, draw]) {
      expect(await send(call)).to.deep.equal({ status: "confirmed" });
    }
    await send({ ...commit, key: "later", deadline: 99n });
    expect(sent.map((s) => [s.functionName, s.to])).to.deep.equal([
      ["commit", hub],
      ["reveal", hub],
      ["settleAll", hub],
      ["draw", beacon],
      ["commit", hub],
    ]);
    expect(sent.slice(0, 4).map((s) => s.args)).to.deep.equal([commit, reveals(1), settle, draw].map((c) => c.args));
    expect(sent[0]!.abi).to.equal(attestationHubAbi);
    expect(sent[3]!.abi).to.equal(headerBeaconAbi);
    expect(sent.map((s) => s.deadline)).to.deep.equal([undefined, undefined, undefined, undefined, 99n]);
    expect(sent[0]).not.to.have.property("deadline");
  });

  it("draws from whichever beacon is deployed", async () => {
    const { send, sent } = setup();
    await send(drandDraw);
    expect([sent[0]!.to, sent[0]!.abi, sent[0]!.args]).to.deep.equal([drand, drandBeaconAbi, drandDraw.args]);
  });

  it("gives every reveal of a transaction its share of gas", async () => {
    const { send, sent } = setup();
    for (const count of [1, 2, 5, 20]) await send(reveals(count));
    const [one, two, five, twenty] = sent.map((s) => s.gas) as [bigint, bigint, bigint, bigint];
    const each = two - one;
    expect(each > 0n).to.equal(true);
    expect([five, twenty]).to.deep.equal([one + 4n * each, one + 19n * each]);
  });

  it("leaves the gas of many ends of cases to the node, and calls those too large that may fill half a block", async () => {
    const closings = (count: number): Call => ({
      key: `close ${count}`,
      contract: "DisputeCourt",
      functionName: "multicall",
      args: [Array.from({ length: count }, () => word)],
    });
    const { send, sent } = setup({ gasLimit: 30_000_000n });
    for (const count of [1, 32]) expect((await send(closings(count))).status).to.equal("confirmed");
    for (const { gas } of sent) expect(gas).to.equal(undefined);
    expect((await send(closings(38))).status).to.equal("too-large");
    const small = setup({ gasLimit: 6_000_000n });
    expect((await small.send(closings(8))).status).to.equal("too-large");
    expect((await small.send(closings(7))).status).to.equal("confirmed");
  });

  it("calls a reveal that takes more than half a block too large, and sends nothing", async () => {
    const { send, sent } = setup({ gasLimit: 4_000_000n });
    const outcomes = [];
    for (let count = 1; count <= 8; count++) outcomes.push((await send(reveals(count))).status);
    const fit = outcomes.filter((status) => status === "confirmed").length;
    expect(fit).to.be.within(2, 6);
    expect(outcomes).to.deep.equal([...Array(fit).fill("confirmed"), ...Array(8 - fit).fill("too-large")]);
    expect(sent).to.have.length(fit);
    for (const { gas } of sent) expect(gas <= 2_000_000n).to.equal(true);
  });

  it("splits settlements alike", async () => {
    const { send, sent } = setup({ gasLimit: 4_000_000n });
    const statuses = [];
    for (const count of [1, 2, 3, 4]) statuses.push((await send(settleMany(count))).status);
    expect(statuses).to.deep.equal(["confirmed", "confirmed", "confirmed", "too-large"]);
    const [one, two, three] = sent.map(({ gas }) => gas) as [bigint, bigint, bigint];
    expect(three - two).to.equal(two - one);
  });

  it("allows a transaction no more than 2^24 gas, however large the block", async () => {
    const { send, sent } = setup({ gasLimit: 10n ** 12n });
    for (let count = 2; count <= 60; count++) await send(reveals(count));
    expect(sent.every(({ gas }) => gas <= 2n ** 24n)).to.equal(true);
    expect(sent).not.to.have.length(0);
    expect(sent).not.to.have.length(59);
    expect(await send(reveals(60))).to.deep.equal({ status: "too-large" });
  });

  it("sends a single reveal, which cannot be split, and other calls, whatever the block's size", async () => {
    const { send, sent, blocksRead } = setup({ gasLimit: 100_000n });
    for (const call of [reveals(1), commit, settle, draw]) await send(call);
    expect(sent).to.have.length(4);
    expect(blocksRead()).to.equal(0);
  });

  it("asks for the block's size once", async () => {
    const { send, blocksRead } = setup();
    for (const count of [2, 3, 4]) await send(reveals(count));
    expect(blocksRead()).to.equal(1);
  });

  it("says with which error a call was refused, mined or not", async () => {
    const args = { have: 1n, need: 2n };
    for (const code of ["TX_REVERTED", "TX_WOULD_REVERT"]) {
      const { send } = setup({ script: [reverted(code, { error: "AttestationHubWrongTime", args }), reverted(code)] });
      expect(await send(commit)).to.deep.equal({
        status: "rejected",
        revert: { errorName: "AttestationHubWrongTime", args },
      });
      expect(await send(commit)).to.deep.equal({ status: "rejected", revert: { errorName: "unknown", args: {} } });
    }
  });

  it("uses another key after a transaction that was mined and refused, for that act alone", async () => {
    const { send, sent } = setup({ script: [reverted("TX_REVERTED"), reverted("TX_REVERTED")] });
    for (const call of [commit, commit, commit, settle, commit]) await send(call);
    expect(sent.map((s) => s.key)).to.deep.equal([
      "commit 7",
      "commit 7 (2)",
      "commit 7 (3)",
      "settle 1",
      "commit 7 (3)",
    ]);
  });

  it("keeps the key while nothing was mined, so that no second transaction is made", async () => {
    const codes = ["TX_WOULD_REVERT", "TX_UNKNOWN", "CHAIN_RPC", "TX_DEADLINE"];
    const { send, sent } = setup({ script: codes.map((code) => reverted(code)) });
    for (const _ of [...codes, "sent"]) await send(commit);
    expect(new Set(sent.map((s) => s.key))).to.deep.equal(new Set(["commit 7"]));
  });

  it("says that it does not know what came of anything else", async () => {
    for (const code of ["TX_UNKNOWN", "TX_DEADLINE", "TX_NO_FUNDS", "TX_KEY_CONFLICT", "CHAIN_RPC"]) {
      const { send } = setup({ script: [reverted(code)] });
      expect(await send(commit)).to.deep.equal({ status: "unknown", code });
    }
  });

  it("passes on what is no error of Surety", async () => {
    const bug = new TypeError("a bug");
    const { send } = setup({ script: [bug] });
    expect(await send(commit).catch((error: unknown) => error)).to.equal(bug);
  });
});

describe("createBlocks", () => {
  const blocks = (answer: unknown, asked: unknown[] = []) =>
    createBlocks({
      async request(request: unknown) {
        asked.push(request);
        return answer;
      },
    } as unknown as PublicClient);

  it("gives a block as the node has it, without its transactions", async () => {
    const block = simBlock(1_800_000_000n, 300n);
    const asked: unknown[] = [];
    expect(await blocks(block, asked).raw(300n)).to.equal(block);
    expect(asked).to.deep.equal([{ method: "eth_getBlockByNumber", params: ["0x12c", false] }]);
  });

  it("asks to come back for a block that the node does not have yet", async () => {
    for (const answer of [null, { hash: null, number: null }]) {
      const error = await blocks(answer)
        .raw(5n)
        .catch((e: unknown) => e);
      expect(error).to.be.instanceOf(SuretyError).and.include({ code: "BLOCK_UNKNOWN", retryable: true });
    }
  });
});
