import { ROLE_REDRAW, ROLE_RERUN } from "@surety/protocol";
import { expect } from "chai";
import type { Address, Hex } from "viem";
import { createStore, type Store } from "../store/index.ts";
import { seededRng } from "../testing/rng.ts";
import { DEVNET, GENESIS, keptLog, ME } from "../testing/world.ts";
import { createFacts, type Facts } from "../watch/facts.ts";
import { createSchedule } from "./step.ts";

const EPOCH = 5n;
const clock = { genesis: GENESIS, length: DEVNET.length };
const times = createFacts(clock, DEVNET.windows).times(EPOCH);
const record: { provider: Address; modelId: Hex; epoch: bigint } = {
  provider: `0x${"d1".repeat(20)}`,
  modelId: `0x${"11".repeat(32)}`,
  epoch: EPOCH,
};
const [rerun, redraw] = [
  { ...record, role: ROLE_RERUN },
  { ...record, role: ROLE_REDRAW },
] as const;

/** A chain with one verifier, whose seats are all mine, and one log. */
function factsOf(root: Hex): Facts {
  const facts = createFacts(clock, DEVNET.windows);
  const emit = (eventName: string, args: object) =>
    facts.apply({ eventName, args, timestamp: times.seedTime } as never);
  const { provider, modelId } = record;
  emit("TicketBought", { verifier: ME, index: 0n, from: 0n });
  emit("ProviderRegistered", { provider, operator: provider, endpoint: "https://p.example" });
  const commitment = { target: 990_000_000, latencyMs: 500, capacity: 10, firstEpoch: 5, lastEpoch: 5 };
  emit("Promised", { provider, modelId, index: 0n, commitment });
  emit("LogCommitted", { ...record, root, count: 3, units: 9n, slots: 0n, cap: 10n, m: 12 });
  emit("SeedDrawn", { epoch: EPOCH, seed: `0x${"5e".repeat(32)}` });
  return facts;
}

describe("schedule", () => {
  const [before, after]: [Hex, Hex] = [`0x${"70".repeat(32)}`, `0x${"71".repeat(32)}`];
  let facts: Facts;
  let store: Store;
  let at: (timestamp: bigint) => void;

  beforeEach(() => {
    facts = factsOf(before);
    store = createStore(":memory:");
    const step = createSchedule({ facts: () => facts, me: ME, store, rng: seededRng("schedule"), log: keptLog() });
    at = (timestamp) =>
      step.advance({ head: { number: 1n, timestamp }, seen: timestamp, epoch: (timestamp - GENESIS) / clock.length });
  });
  afterEach(() => store.close());

  const has = () => [rerun, redraw].map((key) => store.assignments.get(key) !== undefined);
  const leaves = () => store.leaves.of(redraw).length;
  const addLeaf = () =>
    store.leaves.add({
      ...record,
      index: 0,
      prefix: 0n,
      units: 1n,
      sealed: before,
      inputs: new Uint8Array([1]),
      proof: null,
    });

  it("plans redraw seats only once the first round's reveals are over and known, and not after their commits", () => {
    at(times.openEnd);
    expect(has()).to.deep.equal([true, false]);
    at(times.revealEnd - 1n);
    expect(has()).to.deep.equal([true, false]);
    at(times.revealEnd);
    expect(has()).to.deep.equal([true, true]);
    store.assignments.remove(redraw);
    facts = factsOf(before);
    at(times.redrawCommitEnd);
    expect(has()).to.deep.equal([true, false]);
  });

  it("keeps the leaves that a first round's seat needs when a redraw's seat is given up", () => {
    at(times.openEnd);
    addLeaf();
    at(times.revealEnd);
    facts = factsOf(before);
    for (const seat of [0, 1, 2]) {
      const args = { ...record, role: ROLE_RERUN, seat, verifier: record.provider, report: 0n };
      facts.apply({ eventName: "Revealed", args, timestamp: times.outputEnd } as never);
    }
    at(times.revealEnd);
    expect(has()).to.deep.equal([true, false]);
    expect(leaves()).to.equal(1);
  });

  it("begins anew without leaves or redraw when the log turns out to be another one", () => {
    at(times.openEnd);
    addLeaf();
    at(times.revealEnd);
    facts = factsOf(after);
    at(times.openEnd);
    expect(has()).to.deep.equal([true, false]);
    expect(store.assignments.get(rerun)!.basis).to.contain(after);
    expect(leaves()).to.equal(0);
  });

  it("keeps leaves and redraw that a commitment holds", () => {
    at(times.openEnd);
    addLeaf();
    at(times.revealEnd);
    store.assignments.move(redraw, "planned", "rerun", { dataRoot: before });
    store.assignments.include(redraw, before);
    facts = factsOf(after);
    at(times.openEnd);
    expect(has()).to.deep.equal([true, true]);
    expect(store.assignments.get(redraw)!.basis).to.contain(before);
    expect(leaves()).to.equal(1);
  });
});
