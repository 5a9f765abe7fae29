import { probeLeaf, probeTree, type Receipt, ROLE_PROBE, receiptStructHash } from "@surety/protocol";
import { expect } from "chai";
import { type Address, concatHex, type Hex, keccak256, zeroAddress, zeroHash } from "viem";
import { createJobs } from "../jobs.ts";
import type { Call } from "../ports.ts";
import { createProbeReport, receiptsOf } from "../rerun/probe-receipts.ts";
import { createStore, type Store } from "../store/index.ts";
import { systemClock } from "../system.ts";
import { toyId, toyModels } from "../testing/toy-model.ts";
import { DEVNET, GENESIS, keptLog, ME } from "../testing/world.ts";
import type { ChainEvent } from "../watch/events.ts";
import { createFacts, type Facts } from "../watch/facts.ts";
import { probeId } from "./demand-ids.ts";
import { createOwnReceipts } from "./receipts.ts";

const PROVIDER: Address = `0x${"d1".repeat(20)}`;
const [EPOCH, SEAT, PROBES] = [3n, 2, 11];
const record = { epoch: EPOCH, provider: PROVIDER, modelId: toyId };
const seat = { ...record, role: ROLE_PROBE } as const;
const signature: Hex = `0x${"51".repeat(65)}`;
const receipt = (seq: number): Receipt => ({
  ...record,
  seq,
  slot: 0,
  client: zeroAddress,
  inputHash: zeroHash,
  outputHash: zeroHash,
  units: 1,
  servedAtMs: 5n,
  latencyMs: 1,
});

describe("the receipts of a seat's probes", () => {
  let store: Store;
  let facts: Facts;
  let sent: Call[];
  beforeEach(() => {
    store = createStore(":memory:");
    facts = createFacts({ genesis: GENESIS, length: DEVNET.length }, DEVNET.windows);
    sent = [];
    emit("ProviderRegistered", { provider: PROVIDER, operator: PROVIDER, endpoint: "" });
    store.assignments.plan(seat, SEAT, "{}");
    for (let i = 0; i < PROBES; i++) store.probes.plan({ ...record, i, atMs: 0, slot: 0, peak: false });
  });
  afterEach(() => store.close());

  const emit = (eventName: string, args: object) =>
    facts.apply({ eventName, args, timestamp: 0n, block: 9n } as unknown as ChainEvent);

  /** What came of probe i: an answer with the receipt of this number, or none. */
  const finish = (i: number, seq: number | undefined): void => {
    const text = JSON.stringify(receipt(seq ?? 0), (_, v) => (typeof v === "bigint" ? v.toString() : v));
    const answer = { receipt: text, signature, outputs: new Uint8Array(), state: "answered", timely: true } as const;
    const none = { receipt: null, signature: null, outputs: null, state: "failed", timely: false } as const;
    store.probes.send({ ...record, i }, 0, new Uint8Array());
    store.probes.finish(
      { ...record, i },
      { ...(seq === undefined ? none : answer), elapsedMs: 1, atCapacity: false, reason: null },
    );
  };

  const common = () => {
    const log = keptLog();
    return { store, facts: () => facts, me: ME, models: toyModels, clock: systemClock, log, jobs: createJobs(log) };
  };

  /** Makes the report of the finished probes. @returns what the seat commits to */
  const report = async () => {
    store.assignments.move(seat, "planned", "evidence", {});
    const deps = common();
    const step = createProbeReport({ ...deps, isSigned: async () => true } as unknown as Parameters<
      typeof createProbeReport
    >[0]);
    step.advance({} as never);
    for (let i = 0; i < 100 && store.assignments.get(seat)!.state === "evidence"; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return store.assignments.get(seat)!;
  };

  /** Demands receipt number i of the seat. */
  const demand = async (i: number, timestamp = 99n): Promise<Hex> => {
    const id = probeId({ ...record, seat: SEAT }, i);
    const about = { id, accused: ME, demander: PROVIDER, kind: 4, modelId: toyId, epoch: EPOCH, place: BigInt(i) };
    emit("Demanded", { ...about, deadline: 100n });
    const deps = common();
    const step = createOwnReceipts({
      ...deps,
      clock: { ...systemClock, sleep: async () => {} },
      sender: {
        send: async (call) => {
          sent.push(call);
          return { status: "confirmed" };
        },
      },
    });
    step.advance({ head: { number: 9n, timestamp }, seen: timestamp, epoch: EPOCH + 1n });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await deps.jobs.stop();
    return id;
  };

  it("are shown on demand, each with its number and path", async () => {
    for (let i = 0; i < PROBES; i++) finish(i, i === 4 ? undefined : 100 + i);
    const { dataRoot } = await report();
    // Probe 4 was not answered: receipt 4 is that of probe 5.
    const id = await demand(4);
    const path = probeTree(receiptsOf(store, seat).map(({ structHash }) => structHash)).proof(4)!;
    expect(sent.map(({ functionName, args }) => [functionName, args])).to.deep.equal([
      ["answerProbe", [id, receipt(105), signature, path]],
    ]);
    const pair = (a: Hex, b: Hex): Hex => keccak256(concatHex(a < b ? [a, b] : [b, a]));
    expect(path.reduce(pair, probeLeaf(4, receiptStructHash(receipt(105))))).to.equal(dataRoot);
  });

  it("are not shown if they are not in the store, or too late", async () => {
    for (let i = 0; i < PROBES; i++) finish(i, i);
    await report();
    await demand(PROBES);
    await demand(1, 100n);
    expect(sent).to.deep.equal([]);
  });

  it("count one receipt once: the second probe that gets it has failed", async () => {
    for (let i = 0; i < PROBES; i++) finish(i, i === 7 ? 3 : i);
    const { dataRoot, report: packed } = await report();
    const failed = store.probes.of(seat).filter(({ state }) => state === "failed");
    expect(failed.map(({ i, reason, timely }) => [i, reason, timely])).to.deep.equal([[7, "RECEIPT_REPEATED", false]]);
    expect(receiptsOf(store, seat).map(({ receipt: { seq } }) => seq)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 8, 9, 10]);
    expect(Number((packed! >> 32n) & 0xffffn)).to.equal(PROBES - 1);
    expect(dataRoot).to.equal(probeTree(receiptsOf(store, seat).map(({ structHash }) => structHash)).root);
  });
});
