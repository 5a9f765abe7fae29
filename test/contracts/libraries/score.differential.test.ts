import { payWeight, quality, score, tenure, update } from "@surety/protocol";
import { assert } from "chai";
import fc from "fast-check";
import { call, runs, uint } from "./harness.ts";

const word = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 64 }), fc.integer({ min: 0, max: 4 })), { maxLength: 12 })
  .map((epochs) => epochs.reduce((w, [bad, rarely], i) => update(w, i, rarely === 0 ? 64 - bad : 64, 64).word, 0n));

describe("ReliabilityMath against its twin: score and pay", () => {
  it("scores alike", async () => {
    const property = fc.asyncProperty(word, word, word, async (t, p, c) => {
      assert.equal(await call("score", t, p, c), score(t, p, c));
    });
    await fc.assert(property, runs(300));
  });

  it("weighs quality, tenure and bond alike", async () => {
    const wei = fc.oneof(uint(8), uint(70), uint(128));
    const input = fc.record({
      score: fc.oneof(
        uint(32),
        fc.bigInt({ min: 930_000_000n, max: 1_000_000_000n }),
        fc.bigInt({ min: 0n, max: 1_000_000_000n }),
      ),
      age: fc.oneof(uint(9), uint(64)),
      bonded: wei,
      stake: wei,
      totalBonded: wei,
    });
    const property = fc.asyncProperty(fc.array(input, { minLength: 50, maxLength: 100 }), async (inputs) => {
      const theirs = await call("pays", inputs);
      const ours = inputs.map((i) => [quality(i.score), tenure(i.age), payWeight(i)]);
      assert.deepEqual(theirs.toArray(true), ours);
    });
    await fc.assert(property, runs(12));
  });

  it("grows tenure alike for every age that matters", async () => {
    const ages = Array.from({ length: 1000 }, (_, age) => ({ score: 0n, age, bonded: 0n, stake: 0n, totalBonded: 0n }));
    const theirs = await call("pays", ages);
    assert.deepEqual(
      ages.map((_, i) => theirs[i].tenure),
      ages.map(({ age }) => tenure(age)),
    );
  });
});
