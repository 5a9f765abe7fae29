import {
  epochSeed,
  REDRAW_SEATS,
  ROLE_PROBE,
  ROLE_REDRAW,
  ROLE_RERUN,
  SEATS,
  seats,
  type Ticket,
} from "@surety/protocol";
import { expect } from "chai";
import { type Address, type Hex, keccak256, numberToHex } from "viem";
import type { Role } from "../store/index.ts";
import { DEVNET, GENESIS } from "../testing/world.ts";
import { createFacts, type Facts } from "../watch/facts.ts";
import { probeDuties, probesOf, redrawDuties, rerunDuties } from "./duties.ts";

const EPOCH = 5n;
const clock = { genesis: GENESIS, length: DEVNET.length };
const times = createFacts(clock, DEVNET.windows).times(EPOCH);
const model: Hex = `0x${"11".repeat(32)}`;
const provider: Address = `0x${"d1".repeat(20)}`;
const quiet: Address = `0x${"d2".repeat(20)}`;
const verifiers = Array.from(
  { length: 12 },
  (_, i): Address =>
    `0x${numberToHex(0xe0 + i)
      .slice(2)
      .repeat(20)}`,
);
const seedOf = (epoch: bigint): Hex => epochSeed(keccak256(numberToHex(epoch)), epoch);
const root: Hex = `0x${"70".repeat(32)}`;
const TARGET = 995_000_000;

type World = { drawnAt?: bigint; m?: number; holders?: Address[]; unseeded?: bigint };

/** Facts of a chain with two promises; only `provider` committed its log. */
function factsOf({ drawnAt = times.seedTime, m = 12, holders = verifiers, unseeded }: World = {}): Facts {
  const facts = createFacts(clock, DEVNET.windows);
  const emit = (eventName: string, args: object, timestamp = GENESIS) =>
    facts.apply({ eventName, args, timestamp } as never);
  for (const [index, verifier] of holders.entries()) emit("TicketBought", { verifier, index: BigInt(index), from: 2n });
  for (const [index, p] of [provider, quiet].entries()) {
    emit("ProviderRegistered", { provider: p, operator: p, endpoint: "https://p.example" });
    const commitment = { target: TARGET, latencyMs: 500, capacity: 10, firstEpoch: 4, lastEpoch: 6 };
    emit("Promised", { provider: p, modelId: model, index: BigInt(index), commitment });
  }
  for (let epoch = 0n; epoch <= EPOCH; epoch++) {
    if (epoch !== unseeded) emit("SeedDrawn", { epoch, seed: seedOf(epoch) }, drawnAt);
  }
  const log = { provider, modelId: model, epoch: EPOCH, root, count: 3, units: 9n, slots: 0n, cap: 10n, m };
  emit("LogCommitted", log);
  return facts;
}

const tickets = (holders: readonly Address[]): Ticket[] =>
  holders.map((verifier) => ({ verifier, from: 2n, until: 2n ** 64n - 1n }));

/** The committee as the protocol draws it. */
const committee = (p: Address, role: Role, owner = p, holders: readonly Address[] = verifiers) =>
  seats({
    seed: seedOf(role === ROLE_PROBE ? EPOCH - 2n : EPOCH),
    provider: p,
    modelId: model,
    epoch: EPOCH,
    role,
    tickets: tickets(holders),
    length: holders.length,
    owner,
    count: role === ROLE_REDRAW ? REDRAW_SEATS : SEATS,
  });

/** Who sits where by the duties that each verifier finds for itself. */
function sitting(facts: Facts, p: Address, role: Role): (Address | null)[] {
  const found: (Address | null)[] = Array(role === ROLE_REDRAW ? REDRAW_SEATS : SEATS).fill(null);
  const duties = [probeDuties, rerunDuties, redrawDuties][role]!;
  for (const me of verifiers) {
    for (const duty of duties(facts, me, EPOCH)) {
      expect(duty).to.include({ epoch: EPOCH, modelId: model, role });
      if (duty.provider !== p) continue;
      expect(found[duty.seat], `seat ${duty.seat} is given twice`).to.equal(null);
      found[duty.seat] = me;
    }
  }
  return found;
}

describe("probeDuties", () => {
  it("are the seats that the protocol draws from the seed two epochs back, for every promise", () => {
    for (const p of [provider, quiet]) {
      expect(sitting(factsOf(), p, ROLE_PROBE)).to.deep.equal(committee(p, ROLE_PROBE));
    }
    expect(committee(provider, ROLE_PROBE)).not.to.deep.equal(committee(quiet, ROLE_PROBE));
  });

  it("rest on the seed and the promised target", () => {
    const me = committee(provider, ROLE_PROBE)[0]!;
    const [duty] = probeDuties(factsOf(), me, EPOCH).filter((d) => d.provider === provider);
    expect(JSON.parse(duty!.basis)).to.deep.equal({ seed: seedOf(EPOCH - 2n), target: TARGET });
  });

  it("are none before that seed is drawn, and need no other", () => {
    expect(sitting(factsOf({ unseeded: EPOCH - 2n }), provider, ROLE_PROBE)).to.deep.equal(Array(SEATS).fill(null));
    expect(sitting(factsOf({ unseeded: EPOCH }), provider, ROLE_PROBE)).to.deep.equal(committee(provider, ROLE_PROBE));
  });

  it("are none in an epoch without a promise", () => {
    const facts = factsOf();
    for (const me of verifiers) {
      expect(probeDuties(facts, me, 3n)).to.deep.equal([]);
      expect(probeDuties(facts, me, 7n)).to.deep.equal([]);
    }
    expect(verifiers.flatMap((me) => probeDuties(facts, me, 6n))).not.to.deep.equal([]);
  });

  it("are none for who holds no ticket, and never for the provider's owner", () => {
    const facts = factsOf();
    expect(probeDuties(facts, `0x${"99".repeat(20)}`, EPOCH)).to.deep.equal([]);
    const owner = committee(provider, ROLE_PROBE)[0]!;
    const changed = { provider, owner, epoch: EPOCH };
    facts.apply({ eventName: "OwnerChanged", args: changed, timestamp: GENESIS } as never);
    const found = sitting(facts, provider, ROLE_PROBE);
    expect(found).not.to.include(owner);
    expect(found).to.deep.equal(committee(provider, ROLE_PROBE, owner));
  });

  it("leave out a ticket that was returned, and places sold too late to be drawn", () => {
    const facts = factsOf();
    const gone = committee(provider, ROLE_PROBE)[1]!;
    const index = BigInt(verifiers.indexOf(gone));
    facts.apply({ eventName: "TicketReturned", args: { index, until: EPOCH }, timestamp: GENESIS } as never);
    const late = { verifier: `0x${"99".repeat(20)}`, index: BigInt(verifiers.length), from: EPOCH + 1n };
    facts.apply({ eventName: "TicketBought", args: late, timestamp: GENESIS } as never);
    const held = tickets(verifiers).map((t) => (t.verifier === gone ? { ...t, until: EPOCH } : t));
    const length = verifiers.length;
    const input = { provider, modelId: model, epoch: EPOCH, role: ROLE_PROBE, owner: provider, length };
    const want = seats({ ...input, seed: seedOf(EPOCH - 2n), tickets: held });
    expect(want).not.to.include(gone);
    expect(sitting(facts, provider, ROLE_PROBE)).to.deep.equal(want);
  });

  it("leave seats empty when there are too few verifiers", () => {
    const holders = verifiers.slice(0, 3);
    const found = sitting(factsOf({ holders }), provider, ROLE_PROBE);
    expect(found).to.deep.equal(committee(provider, ROLE_PROBE, provider, holders));
    expect(found.filter((seat) => seat === null)).to.have.length(2);
  });
});

describe("rerunDuties", () => {
  it("are the seats that the protocol draws from the epoch's own seed, for committed logs only", () => {
    expect(sitting(factsOf(), provider, ROLE_RERUN)).to.deep.equal(committee(provider, ROLE_RERUN));
    expect(sitting(factsOf(), quiet, ROLE_RERUN)).to.deep.equal(Array(SEATS).fill(null));
    expect(committee(provider, ROLE_RERUN)).not.to.deep.equal(committee(provider, ROLE_PROBE));
  });

  it("rest on the seed and the log", () => {
    const me = committee(provider, ROLE_RERUN)[0]!;
    const [duty] = rerunDuties(factsOf(), me, EPOCH);
    expect(JSON.parse(duty!.basis)).to.deep.equal({ seed: seedOf(EPOCH), root, count: 3, units: "9", m: 12 });
  });

  it("are none without the seed, or for a log without samples", () => {
    const none = Array(SEATS).fill(null);
    expect(sitting(factsOf({ unseeded: EPOCH }), provider, ROLE_RERUN)).to.deep.equal(none);
    expect(sitting(factsOf({ m: 0 }), provider, ROLE_RERUN)).to.deep.equal(none);
  });

  it("are none if the seed came at the end of the commit window or later", () => {
    const late = (drawnAt: bigint) => sitting(factsOf({ drawnAt }), provider, ROLE_RERUN);
    expect(late(times.commitEnd - 1n)).to.deep.equal(committee(provider, ROLE_RERUN));
    expect(late(times.commitEnd)).to.deep.equal(Array(SEATS).fill(null));
  });
});

describe("redrawDuties", () => {
  const none = Array(REDRAW_SEATS).fill(null);
  /** The first seats of the first round reveal. */
  const revealing = (facts: Facts, count: number): Facts => {
    for (const [seat, verifier] of committee(provider, ROLE_RERUN).slice(0, count).entries()) {
      const args = { provider, modelId: model, epoch: EPOCH, role: ROLE_RERUN, seat, verifier, report: 0n };
      facts.apply({ eventName: "Revealed", args, timestamp: times.outputEnd } as never);
    }
    return facts;
  };

  it("are nine seats of their own where fewer than three re-runs were revealed", () => {
    const want = committee(provider, ROLE_REDRAW);
    expect(want.filter((seat) => seat !== null)).to.have.length.above(SEATS);
    expect(want.slice(0, SEATS)).not.to.deep.equal(committee(provider, ROLE_RERUN));
    for (const count of [0, 2]) {
      expect(sitting(revealing(factsOf(), count), provider, ROLE_REDRAW), `${count}`).to.deep.equal(want);
    }
    expect(sitting(revealing(factsOf(), 3), provider, ROLE_REDRAW)).to.deep.equal(none);
  });

  it("rest on what the first round's seats rest on", () => {
    const me = committee(provider, ROLE_REDRAW).find((seat) => seat !== null)!;
    const [duty] = redrawDuties(factsOf(), me, EPOCH);
    expect(JSON.parse(duty!.basis)).to.deep.equal({ seed: seedOf(EPOCH), root, count: 3, units: "9", m: 12 });
  });

  it("are none where there is nothing to re-run, or the seed came too late", () => {
    expect(sitting(factsOf(), quiet, ROLE_REDRAW)).to.deep.equal(none);
    expect(sitting(factsOf({ m: 0 }), provider, ROLE_REDRAW)).to.deep.equal(none);
    expect(sitting(factsOf({ drawnAt: times.commitEnd }), provider, ROLE_REDRAW)).to.deep.equal(none);
    expect(sitting(factsOf({ drawnAt: times.commitEnd - 1n }), provider, ROLE_REDRAW)).not.to.deep.equal(none);
  });
});

describe("probesOf", () => {
  it("makes three seats enough for what the target needs", () => {
    expect([990_000_000, 995_000_000, 999_000_000].map(probesOf)).to.deep.equal([11, 22, 64]);
  });
});
