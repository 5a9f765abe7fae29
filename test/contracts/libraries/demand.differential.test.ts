import { demandProfile, packSlots, unpackSlots } from "@surety/protocol";
import { assert } from "chai";
import fc from "fast-check";
import { call, runs, sameVerdict, uint } from "./harness.ts";

const counts = fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1_000_000 })), {
  minLength: 24,
  maxLength: 24,
  size: "max",
});
const owner = fc.constantFrom(...["11", "22", "33", "44"].map((byte) => `0x${byte.repeat(20)}` as const));
const amount = fc.oneof(uint(7), uint(64));
const log = fc.record({
  epoch: fc.bigInt({ min: 88n, max: 100n }),
  owner,
  slots: counts.map(packSlots),
  units: amount,
  cap: amount,
});

describe("DemandProfile against its twin", () => {
  it("makes the same profile of the same logs", async () => {
    let flat = 0;
    const property = fc.asyncProperty(fc.array(log, { maxLength: 24, size: "max" }), async (logs) => {
      const ours = demandProfile(
        logs.map(({ slots, ...rest }) => ({ ...rest, shares: unpackSlots(slots) })),
        100n,
      );
      const [weights, total, peak, isFlat] = await call("profile", logs, 100n);
      assert.deepEqual([weights.toArray(), total, isFlat], [ours.weights, ours.total, ours.flat]);
      assert.equal(
        peak,
        ours.peak.reduce((bits, k) => bits | (1n << BigInt(k)), 0n),
      );
      if (ours.flat) flat++;
    });
    await fc.assert(property, runs(120));
    assert.isAbove(flat, 5);
    assert.isBelow(flat, 100);
  });

  it("reads and accepts the same shares, except none at all", async () => {
    const property = fc.asyncProperty(counts, fc.integer({ min: 0, max: 255 }), async (list, bit) => {
      const slots = packSlots(list);
      if (slots === 0n) return;
      assert.isTrue(await sameVerdict(() => unpackSlots(slots), "checkSlots", slots));
      const k = bit % 24;
      assert.equal(await call("share", slots, k), BigInt(unpackSlots(slots)[k]!));
      const bent = slots ^ (1n << BigInt(bit));
      assert.isFalse(await sameVerdict(() => unpackSlots(bent), "checkSlots", bent));
    });
    await fc.assert(property, runs(100));
  });
});
