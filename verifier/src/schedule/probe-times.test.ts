import { type DemandProfile, demandProfile, SLOTS, slotAt } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import type { Address } from "viem";
import { seededRng } from "../testing/rng.ts";
import { probeTimes } from "./probe-times.ts";

const GENESIS = 1_800_000_000n;
const HOUR = 3600;

/** A profile as three owners' equal logs make it. @param shares of the 24 slots, summing to 1023 */
function profileOf(shares: readonly number[]): DemandProfile {
  const owner = (i: number): Address => `0x${"00".repeat(19)}0${i}`;
  const logs = [1, 2, 3].map((i) => ({ epoch: 10n, owner: owner(i), shares, units: 100n, cap: 1_000n }));
  return demandProfile(logs, 13n);
}

/** All demand in slots 2, 5, 11, 12 and 20, unevenly. */
const busy = profileOf(
  Array.from({ length: SLOTS }, (_, k) => ({ 2: 100, 5: 200, 11: 300, 12: 323, 20: 100 })[k] ?? 0),
);
const flat = demandProfile([], 13n);

const draw = (profile: DemandProfile, count: number, over: { lengthMs?: number; seed?: string } = {}) =>
  probeTimes({
    profile,
    count,
    startMs: Number(GENESIS) * 1000,
    lengthMs: over.lengthMs ?? HOUR * 1000,
    rng: seededRng(over.seed ?? "times"),
  });

/** Pearson's chi-square of drawn slots against the profile. */
function chiSquare(profile: DemandProfile, slots: readonly number[]): number {
  return profile.weights.reduce((sum, weight, k) => {
    const expected = (slots.length * Number(weight)) / Number(profile.total);
    return sum + (slots.filter((slot) => slot === k).length - expected) ** 2 / expected;
  }, 0);
}
/** Chi-square of 23 degrees of freedom is above this once in 100,000. */
const BOUND = 62;

describe("probeTimes", () => {
  it("draws slots as the demand profile weighs them", () => {
    for (const profile of [busy, flat]) {
      const slots = draw(profile, 6_000).map((p) => p.slot);
      expect(chiSquare(profile, slots)).to.be.below(BOUND);
    }
    const slots = draw(busy, 6_000).map((p) => p.slot);
    expect(chiSquare(flat, slots), "the bound tells the profiles apart").to.be.above(10 * BOUND);
  });

  it("leaves no slot out of reach, and gives demand seven eighths", () => {
    const slots = draw(busy, 6_000).map((p) => p.slot);
    expect(new Set(slots).size).to.equal(SLOTS);
    const share = slots.filter((slot) => busy.peak.includes(slot)).length / slots.length;
    expect(share).to.be.closeTo(7 / 8 + 5 / 24 / 8, 0.02);
  });

  it("draws uniformly inside a slot", () => {
    const slotMs = (HOUR * 1000) / SLOTS;
    const tenths = draw(flat, 6_000).map(({ atMs, slot }) =>
      Math.floor((10 * (atMs - Number(GENESIS) * 1000 - slot * slotMs)) / slotMs),
    );
    const counts = Array.from({ length: 10 }, (_, k) => tenths.filter((t) => t === k).length);
    const square = counts.reduce((sum, n) => sum + (n - 600) ** 2 / 600, 0);
    expect(square).to.be.below(40);
    expect(counts.reduce((a, b) => a + b)).to.equal(6_000);
  });

  it("keeps every time inside its slot of its epoch, whatever the epoch's length", () => {
    const epochs = fc.record({ length: fc.integer({ min: 1, max: 100_000 }), seed: fc.string() });
    fc.assert(
      fc.property(epochs, ({ length, seed }) => {
        const clock = { genesis: GENESIS, length: BigInt(length) };
        for (const { atMs, slot } of draw(busy, 12, { lengthMs: length * 1000, seed })) {
          expect(slotAt(clock, 0n, BigInt(atMs))).to.equal(slot);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("reaches the first and the last millisecond of a slot", () => {
    const times = draw(flat, 2_000, { lengthMs: 48 }).map((p) => p.atMs - Number(GENESIS) * 1000);
    expect(new Set(times)).to.deep.equal(new Set(Array.from({ length: 48 }, (_, ms) => ms)));
  });

  it("marks exactly the times in peak slots, and none under a flat profile", () => {
    const times = draw(busy, 300);
    for (const { slot, peak } of times) expect(peak, `slot ${slot}`).to.equal([2, 5, 11, 12, 20].includes(slot));
    expect(new Set(times.map((t) => t.peak)).size).to.equal(2);
    expect(draw(flat, 300).some((t) => t.peak)).to.equal(false);
    expect(draw({ ...busy, flat: true }, 300).some((t) => t.peak)).to.equal(false);
  });

  it("gives as many as were asked for, in the order of time", () => {
    for (const count of [0, 1, 11, 64]) {
      const times = draw(busy, count).map((p) => p.atMs);
      expect(times).to.have.length(count);
      expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
    }
  });

  it("follows the randomness alone", () => {
    expect(draw(busy, 20)).to.deep.equal(draw(busy, 20));
    expect(draw(busy, 20)).not.to.deep.equal(draw(busy, 20, { seed: "others" }));
  });
});
