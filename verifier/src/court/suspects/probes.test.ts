import { askedReceipts, packProbeReport, probeLeaf, probeTree, ROLE_PROBE } from "@surety/protocol";
import { expect } from "chai";
import {
  type Address,
  encodeAbiParameters,
  type Hex,
  keccak256,
  numberToHex,
  pad,
  parseAbiParameters,
  zeroHash,
} from "viem";
import type { Moment } from "../../ports.ts";
import { committeeOf } from "../../schedule/duties.ts";
import { createStore, type Store } from "../../store/index.ts";
import { toyId, toyModels, toyRerunner } from "../../testing/toy-model.ts";
import { DEVNET, GENESIS, keptLog } from "../../testing/world.ts";
import type { ChainEvent } from "../../watch/events.ts";
import { createFacts, type Facts } from "../../watch/facts.ts";
import { probeId } from "../demand-ids.ts";
import type { CourtReads } from "../reads.ts";
import { hiddenReceipts, repeatedReceipts } from "./probes.ts";

const PROVIDER: Address = `0x${"d1".repeat(20)}`;
const EPOCH = 3n;
const ANSWERED = 8;
/** Code of `DemandKind.Probe`. */
const PROBE = 4;
const SEED: Hex = `0x${"5e".repeat(32)}`;
const verifier = (i: number): Address => pad(numberToHex(i + 1), { size: 20 });
const receiptHash = (i: number): Hex => pad(numberToHex(i + 1000), { size: 32 });
const record = { provider: PROVIDER, modelId: toyId, epoch: EPOCH };
const FAULT = parseAbiParameters("string, address, bytes32, uint64, uint8");

describe("probe seats that are suspected", () => {
  let store: Store;
  let facts: Facts;
  let now: Moment;
  let me: Address;
  /** The seat that is looked at, and who sits there. */
  let seat: number;
  let accused: Address;
  beforeEach(() => {
    store = createStore(":memory:");
    facts = createFacts({ genesis: GENESIS, length: DEVNET.length }, DEVNET.windows);
    emit("ProviderRegistered", { provider: PROVIDER, operator: PROVIDER, endpoint: "" });
    for (let i = 0; i < 6; i++) emit("TicketBought", { verifier: verifier(i), index: BigInt(i), from: 0n });
    const commitment = { target: 990_000_000, latencyMs: 100, capacity: 9, firstEpoch: 3, lastEpoch: 3 };
    emit("Promised", { provider: PROVIDER, modelId: toyId, index: 0n, commitment });
    emit("SeedDrawn", { epoch: 1n, seed: SEED });
    const committee = committeeOf(facts, { ...record, role: ROLE_PROBE })!;
    me = committee[0]!;
    store.assignments.plan({ ...record, role: ROLE_PROBE }, 0, "{}");
    [seat, accused] = [1, committee[1]!];
    const report = { probes: 11, answered: ANSWERED, timely: 8, peakProbes: 0, peakTimely: 0, atCapacity: 0 };
    for (const [s, one] of committee.entries()) {
      emit("Revealed", { ...record, role: 0, seat: s, verifier: one, report: packProbeReport(report), dataRoot: SEED });
    }
    const seen = facts.times(EPOCH).redrawEnd;
    now = { head: { number: 9n, timestamp: seen }, seen, epoch: EPOCH + 1n };
  });
  afterEach(() => store.close());

  const emit = (eventName: string, args: object) =>
    facts.apply({ eventName, args, timestamp: 0n, block: 9n } as unknown as ChainEvent);
  const deps = () => ({
    store,
    facts: () => facts,
    me,
    models: toyModels,
    log: keptLog(),
    rerunner: toyRerunner,
    reads: { attestedOf: async ({ role }: { role: number }) => ({ role }) } as unknown as CourtReads,
  });

  /** A seed that asks these seats of the committee, and nobody else. */
  const seedFor = (...seats: number[]): Hex => {
    for (let i = 0; ; i++) {
      const seed = pad(numberToHex(i), { size: 32 });
      const asked = [0, 1, 2, 3, 4].filter((s) => askedReceipts({ ...record, seed, seat: s }, ANSWERED).length > 0);
      if (asked.join() === seats.join()) return seed;
    }
  };

  it("are asked without a bond for the two receipts that the next seed names, once", async () => {
    const seed = seedFor(seat);
    const find = hiddenReceipts(deps());
    expect(find(now), "the next seed is not drawn").to.deep.equal([]);
    emit("SeedDrawn", { epoch: EPOCH + 1n, seed });
    const found = find(now);
    const numbers = askedReceipts({ ...record, seed, seat }, ANSWERED);
    expect(numbers).to.have.length(2);
    const calls = await Promise.all(found.map(({ call }) => call()));
    expect(calls.map((call) => [call?.functionName, call?.args])).to.deep.equal(
      numbers.map((i) => ["demandProbe", [{ role: ROLE_PROBE }, i]]),
    );
    expect(found.map(({ bond }) => bond)).to.deep.equal([undefined, undefined]);
    demanded(numbers[0]!);
    expect(find(now)).to.have.length(1);
  });

  it("are not asked by themselves, nor by who judged nothing of the record", () => {
    emit("SeedDrawn", { epoch: EPOCH + 1n, seed: seedFor(0) });
    expect(hiddenReceipts(deps())(now)).to.deep.equal([]);
    me = accused;
    expect(hiddenReceipts(deps())(now)).to.have.length(2);
    store.close();
    store = createStore(":memory:");
    expect(hiddenReceipts(deps())(now)).to.deep.equal([]);
  });

  const demanded = (i: number): Hex => {
    const id = probeId({ ...record, seat }, i);
    const args = { id, accused, demander: me, kind: PROBE, modelId: toyId, epoch: EPOCH, place: BigInt(i) };
    emit("Demanded", { ...args, deadline: now.seen + 100n });
    return id;
  };

  /** The seat shows receipt number i, of this hash, with this path. */
  const shown = (i: number, hash: Hex, proof: readonly Hex[]): void => {
    const id = demanded(i);
    emit("ProbeShown", { id, receiptHash: hash, proof });
    emit("Answered", { id, payee: accused, bond: 0n });
  };

  it("are accused of a receipt that they have shown under two numbers", async () => {
    const find = repeatedReceipts(deps());
    shown(2, receiptHash(2), [SEED]);
    expect(find(now)).to.deep.equal([]);
    shown(5, receiptHash(2), [zeroHash]);
    const [found, ...others] = find(now);
    expect(others).to.deep.equal([]);
    const call = await found!.call();
    expect([call?.contract, call?.functionName]).to.deep.equal(["Faults", "repeatedReceipt"]);
    expect(call?.args).to.deep.equal([{ role: ROLE_PROBE }, receiptHash(2), 5, [zeroHash], 2, [SEED]]);
    const values = ["repeated receipt", PROVIDER, toyId, EPOCH, seat] as const;
    emit("FaultProven", { fault: keccak256(encodeAbiParameters(FAULT, values)) });
    expect(find(now)).to.deep.equal([]);
  });

  it("are accused of a receipt that stands twice at the foot of a path", async () => {
    const leaves = [probeLeaf(0, receiptHash(0)), probeLeaf(6, receiptHash(0))] as const;
    const find = repeatedReceipts(deps());
    shown(0, receiptHash(0), [leaves[1], SEED]);
    const call = await find(now)[0]!.call();
    expect(call?.args).to.deep.equal([
      { role: ROLE_PROBE },
      receiptHash(0),
      0,
      [leaves[1], SEED],
      6,
      [leaves[0], SEED],
    ]);
  });

  it("are not accused of receipts that differ", () => {
    const hashes = Array.from({ length: ANSWERED }, (_, i) => receiptHash(i));
    const tree = probeTree(hashes);
    for (const [i, hash] of hashes.entries()) shown(i, hash, tree.proof(i)!);
    expect(repeatedReceipts(deps())(now)).to.deep.equal([]);
  });
});
