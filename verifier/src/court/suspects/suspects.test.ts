import { isRedone, packRerunReport, ROLE_PROBE, ROLE_RERUN, type SampleVerdict } from "@surety/protocol";
import { expect } from "chai";
import { type Address, type Hex, numberToHex, pad, zeroHash } from "viem";
import type { Moment } from "../../ports.ts";
import { committeeOf } from "../../schedule/duties.ts";
import { createStore, type Store } from "../../store/index.ts";
import { toyId, toyModels, toyRerunner } from "../../testing/toy-model.ts";
import { DEVNET, GENESIS, keptLog } from "../../testing/world.ts";
import type { ChainEvent } from "../../watch/events.ts";
import { createFacts, type Facts } from "../../watch/facts.ts";
import type { Suspicion } from "../accuse.ts";
import type { CourtReads } from "../reads.ts";
import { absentees } from "./absent.ts";
import { brokenPromises } from "./breaches.ts";
import { hiddenOwnInputs } from "./own-inputs.ts";
import { ejectedHolders, unbackedHolders } from "./tickets.ts";

const PROVIDER: Address = `0x${"d1".repeat(20)}`;
const EPOCH = 3n;
const M = 12;
const verifier = (i: number): Address => pad(numberToHex(i + 1), { size: 20 });
const ME = verifier(0);
const SEED: Hex = `0x${"5e".repeat(32)}`;
const record = { provider: PROVIDER, modelId: toyId, epoch: EPOCH };
const args = async (found: Suspicion) => (await found.call())?.args;

describe("what verifiers are suspected of", () => {
  let store: Store;
  let facts: Facts;
  let now: Moment;
  beforeEach(() => {
    store = createStore(":memory:");
    facts = createFacts({ genesis: GENESIS, length: DEVNET.length }, DEVNET.windows);
    emit("ProviderRegistered", { provider: PROVIDER, operator: PROVIDER, endpoint: "" });
    for (let i = 0; i < 6; i++) emit("TicketBought", { verifier: verifier(i), index: BigInt(i), from: 0n });
    const commitment = { target: 990_000_000, latencyMs: 100, capacity: 9, firstEpoch: 3, lastEpoch: 3 };
    emit("Promised", { provider: PROVIDER, modelId: toyId, index: 0n, commitment });
    emit("LogCommitted", { ...record, root: zeroHash, count: 9, units: 9n, slots: 0n, cap: 9n, m: M });
    const seen = facts.times(EPOCH).redrawEnd;
    now = { head: { number: 9n, timestamp: seen }, seen, epoch: EPOCH + 1n };
  });
  afterEach(() => store.close());

  const emit = (eventName: string, args: object, timestamp = 0n) =>
    facts.apply({ eventName, args, timestamp, block: 9n } as unknown as ChainEvent);
  const deps = (jurors: Address[] = []) => ({
    store,
    facts: () => facts,
    me: ME,
    models: toyModels,
    log: keptLog(),
    rerunner: toyRerunner,
    reads: { jurors: async () => jurors, attestedOf: async () => ({}) } as unknown as CourtReads,
  });
  const committee = (role: number) => committeeOf(facts, { ...record, role })!;
  const reveal = (role: number, seat: number, report = 0n) =>
    emit("Revealed", { ...record, role, seat, verifier: committee(role)[seat], report, dataRoot: SEED });

  it("reports seats that did not reveal, never itself, and nobody twice in an epoch", async () => {
    for (const epoch of [1n, 3n]) emit("SeedDrawn", { epoch, seed: SEED });
    for (const seat of [0, 1, 2]) reveal(ROLE_RERUN, seat);
    const find = absentees(deps());
    const found = await Promise.all(find(now).map(args));
    const expected = [ROLE_PROBE, ROLE_RERUN].flatMap((role) =>
      committee(role).flatMap((who, seat) => {
        const isAbsent = who !== ME && (role === ROLE_PROBE || seat > 2);
        return isAbsent ? [[PROVIDER, toyId, EPOCH, role, seat]] : [];
      }),
    );
    expect(found).to.deep.equal(expected);
    expect(found).to.have.length.greaterThan(3);
    for (let i = 0; i < 6; i++) emit("Missed", { verifier: verifier(i), epoch: EPOCH });
    expect(find(now)).to.deep.equal([]);
  });

  it("reports seats of a redraw where fewer than three re-runs were revealed, and no seat before it is over", async () => {
    for (const epoch of [1n, 3n]) emit("SeedDrawn", { epoch, seed: SEED });
    reveal(ROLE_RERUN, 0);
    const find = absentees(deps());
    expect(find({ ...now, seen: now.seen - 1n })).to.deep.equal([]);
    const roles = (await Promise.all(find(now).map(args))).map((a) => a![3]);
    expect(new Set(roles)).to.deep.equal(new Set([0, 1, 2]));
  });

  it("reports nobody whose seed came too late", () => {
    const { start, openEnd } = facts.times(EPOCH);
    emit("SeedDrawn", { epoch: 1n, seed: SEED }, start + 1n);
    emit("SeedDrawn", { epoch: 3n, seed: SEED }, openEnd + 1n);
    expect(absentees(deps())(now)).to.deep.equal([]);
  });

  it("reports jurors that did not reveal, as long as it counts", async () => {
    const { openEnd } = facts.times(5n);
    const revealEnd = openEnd + 4n;
    const jury = { id: SEED, ...record, epoch: 5n, start: openEnd, commitEnd: openEnd + 2n, revealEnd };
    emit("JuryCalled", jury);
    emit("SeedDrawn", { epoch: 5n, seed: SEED }, openEnd);
    emit("JurorRevealed", { id: SEED, juror: verifier(2), vote: 1, outputHash: zeroHash });
    const find = absentees(deps([ME, verifier(1), verifier(2)]));
    const at = (seen: bigint) => find({ head: { number: 9n, timestamp: seen }, seen, epoch: 6n });
    const chairs = (seen: bigint) => at(seen).filter(({ name }) => name.startsWith(`absent ${SEED}`));
    chairs(revealEnd);
    await new Promise((resolve) => setTimeout(resolve));
    expect(chairs(revealEnd - 1n)).to.deep.equal([]);
    expect(await Promise.all(chairs(revealEnd).map(args))).to.deep.equal([[SEED, 1]]);
    expect(chairs(revealEnd + DEVNET.windows.disputeWindow)).to.deep.equal([]);
  });

  it("collects what a breach costs, once", async () => {
    const find = brokenPromises(deps());
    expect(find(now)).to.deep.equal([]);
    emit("Breached", { ...record, index: 2n, share: 1n });
    const [breach] = find(now);
    expect(await args(breach!)).to.deep.equal([PROVIDER, toyId, 2n]);
    emit("PromisePunished", { ...record, index: 2n, challenger: ME, taken: 1n });
    expect(breach!.isNew()).to.equal(false);
    expect(find(now)).to.deep.equal([]);
  });

  it("takes back the tickets of who is ejected, as many at once as can be, and never its own", async () => {
    const find = ejectedHolders(deps());
    for (let i = 6; i < 46; i++) emit("TicketBought", { verifier: verifier(3), index: BigInt(i), from: 0n });
    const until = now.epoch + 1n;
    for (const who of [ME, verifier(3)]) emit("Ejected", { verifier: who, until });
    const [first, ...others] = find(now);
    expect(others).to.deep.equal([]);
    const named = Array.from({ length: 31 }, (_, i) => BigInt(i + 6));
    expect(await args(first!)).to.deep.equal([verifier(3), [3n, ...named]]);
    for (const index of [3n, ...named]) emit("TicketReturned", { verifier: verifier(3), index, until: 9n });
    expect(first!.isNew()).to.equal(false);
    expect(await args(find(now)[0]!)).to.deep.equal([verifier(3), Array.from({ length: 9 }, (_, i) => BigInt(i + 37))]);
    expect(find({ ...now, epoch: until }), "no longer ejected").to.deep.equal([]);
  });

  describe("of tickets that a slash left without stake", () => {
    /** Tickets of each verifier that nothing backs, as the chain has it. */
    let unbacked: Record<Address, number>;
    /** Whose stake was read. */
    let asked: Address[];
    let find: (now: Moment) => Suspicion[];
    beforeEach(() => {
      [unbacked, asked] = [{}, []];
      const read = async (who: Address) => {
        asked.push(who);
        return { count: unbacked[who] ?? 0 };
      };
      find = unbackedHolders({ ...deps(), reads: { unbacked: read } as unknown as CourtReads });
    });
    const slash = (who: Address, taken = 1n) => emit("Punished", { account: who, taken });
    /** What is said of whom, where the chain bears it out. */
    const said = async () => {
      const true_ = [];
      for (const one of find(now)) if (await one.holds!()) true_.push(await args(one));
      return true_;
    };

    it("takes back as many as nothing backs, of who was slashed, and never its own", async () => {
      emit("TicketBought", { verifier: verifier(3), index: 6n, from: 0n });
      Object.assign(unbacked, { [ME]: 1, [verifier(3)]: 1, [verifier(4)]: 1 });
      expect(find(now), "nobody was slashed").to.deep.equal([]);
      slash(PROVIDER);
      slash(verifier(2), 0n);
      expect(find(now), "no verifier lost anything").to.deep.equal([]);
      for (const who of [ME, verifier(2), verifier(3)]) slash(who);
      expect(await said()).to.deep.equal([[verifier(3), [3n]]]);
      expect(asked).to.not.include.members([ME]);
      expect(asked).to.not.include.members([verifier(4)]);
    });

    it("looks again only once a ticket was returned or the verifier was slashed again", async () => {
      slash(verifier(3));
      const names = () => find(now).map(({ name }) => name);
      const [first] = find(now);
      expect(await first!.holds!()).to.equal(false);
      expect(names(), "given up by its name").to.deep.equal([first!.name]);
      slash(verifier(3));
      expect(first!.isNew()).to.equal(false);
      expect(names()).to.not.include(first!.name);
      const [second] = find(now);
      emit("TicketReturned", { verifier: verifier(3), index: 3n, until: 9n });
      expect(second!.isNew()).to.equal(false);
      expect(names(), "holds none").to.deep.equal([]);
    });

    it("takes no more at once than can be, and the rest after that", async () => {
      for (let i = 6; i < 46; i++) emit("TicketBought", { verifier: verifier(3), index: BigInt(i), from: 0n });
      unbacked[verifier(3)] = 35;
      slash(verifier(3));
      const [first] = (await said()) as [[Address, bigint[]]];
      expect(first[1]).to.have.length(32);
      for (const index of first[1]) emit("TicketReturned", { verifier: verifier(3), index, until: 9n });
      unbacked[verifier(3)] = 3;
      expect(await said()).to.deep.equal([[verifier(3), [37n, 38n, 39n]]]);
    });

    it("says nothing where the stake was made up before it was said, and leaves the ejected to another finder", async () => {
      unbacked[verifier(3)] = 1;
      slash(verifier(3));
      const [found] = find(now);
      expect(await found!.holds!()).to.equal(true);
      unbacked[verifier(3)] = 0;
      expect(await found!.call()).to.equal(undefined);
      emit("Ejected", { verifier: verifier(3), until: now.epoch + 1n });
      expect(find(now)).to.deep.equal([]);
    });
  });

  /** Own inputs that are demanded of the one seat that the next seed names, which said `verdict` of all samples. */
  async function demanded(verdict: SampleVerdict): Promise<unknown[][]> {
    for (const epoch of [1n, 3n]) emit("SeedDrawn", { epoch, seed: SEED });
    const mine = committee(ROLE_RERUN).indexOf(ME);
    const seat = mine === 1 ? 2 : 1;
    const basis = { seed: SEED, root: zeroHash, count: 9, units: 9n, m: M };
    store.assignments.plan({ ...record, role: 1 }, mine, JSON.stringify({ ...basis, units: "9" }));
    const verdicts = Array.from({ length: M }, () => verdict);
    for (const s of [0, 1, 2, 3, 4]) reveal(ROLE_RERUN, s, packRerunReport({ n: M, verdicts, panel: 0 }));
    const named = (seed: Hex, s: number) => isRedone({ seed, provider: PROVIDER, modelId: toyId, role: 1, seat: s });
    const seeds = Array.from({ length: 500 }, (_, i) => pad(numberToHex(i), { size: 32 }));
    const seed = seeds.find((one) => [0, 1, 2, 3, 4].every((s) => named(one, s) === (s === seat)))!;
    const find = hiddenOwnInputs(deps());
    expect(find(now), "the next seed is not drawn").to.deep.equal([]);
    emit("SeedDrawn", { epoch: EPOCH + 1n, seed });
    expect(find(now), "no inputs are held").to.deep.equal([]);

    const leaf = {
      ...record,
      index: 0,
      prefix: 0n,
      units: 9n,
      sealed: zeroHash,
      inputs: new Uint8Array(),
      proof: null,
    };
    store.leaves.add(leaf);
    const found = hiddenOwnInputs(deps())(now);
    return Promise.all(found.map(async (one) => [one.bond, (await args(one))?.[1]]));
  }

  it("demands the own inputs that the next seed names, without a bond, where it holds what they are mixed from", async () => {
    expect(await demanded("match")).to.deep.equal([[undefined, M]]);
  });

  it("demands none of a seat that did not run what its input is mixed from: it owes none", async () => {
    expect(await demanded("grey")).to.deep.equal([]);
  });
});
