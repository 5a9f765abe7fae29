import { readFileSync } from "node:fs";
import {
  capSamples,
  lowerBound,
  mean,
  packRecord,
  SPEED_30_3,
  SPEED_90_10,
  update,
  upperBound,
} from "@surety/protocol";
import { assert } from "chai";
import fc from "fast-check";
import { attempt, attemptTs, call, REFUSED, runs, uint } from "./harness.ts";

type Step = { gap: bigint; good: bigint; total: bigint };

const speed = (slow: boolean) => (slow ? SPEED_90_10 : SPEED_30_3);

/** Mostly every epoch, at times a pause, rarely one that decays everything. */
const gap = fc.oneof(
  { weight: 40, arbitrary: fc.constant(1n) },
  { weight: 8, arbitrary: fc.bigInt({ min: 2n, max: 40n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 41n, max: 3000n }) },
);
const total = fc.oneof(
  { weight: 70, arbitrary: fc.constantFrom(11n, 12n, 24n, 32n, 48n, 64n, 192n) },
  { weight: 2, arbitrary: fc.constant(0n) },
  { weight: 1, arbitrary: uint(16) },
);
/** Epochs in which up to `worst` of the samples fail. */
const stretch = (worst: number, minLength: number, maxLength: number) =>
  fc.array(fc.tuple(gap, total, fc.nat(100)), { minLength, maxLength, size: "max" }).map((steps): Step[] =>
    steps.map(([gap, total, share]) => ({
      gap,
      total,
      good: total - BigInt(Math.round((Number(total) * worst * share) / 100)),
    })),
  );
/** A provider that is good for long and bad for a while, over and over. */
const calm = fc.constantFrom(0, 0.01, 0.05, 0.2).chain((worst) => stretch(worst, 20, 50));
const storm = fc.constantFrom(0.1, 0.4, 1).chain((worst) => stretch(worst, 2, 8));
const history = fc
  .array(fc.tuple(calm, storm), { minLength: 2, maxLength: 5, size: "max" })
  .map((stretches) => stretches.flat(2));

const reads = (word: bigint, alarm: boolean) => [word, alarm, lowerBound(word), upperBound(word), mean(word)];

describe("ReliabilityMath against its twin: the record", () => {
  it("takes thousands of updates to the same words and readings", async () => {
    let updates = 0;
    let alarms = 0;
    const property = fc.asyncProperty(fc.boolean(), uint(16), history, async (slow, start, steps) => {
      let epoch = start;
      let word = 0n;
      const list = steps.map(({ gap, good, total }) => {
        epoch += gap;
        return { epoch, good, total };
      });
      const ours = list.map((s) => {
        const next = update(word, s.epoch, s.good, s.total, speed(slow));
        word = next.word;
        if (next.alarm) alarms++;
        return reads(word, next.alarm);
      });
      updates += list.length;
      const theirs = await call("updates", 0n, list, slow);
      assert.deepEqual(theirs.toArray(true), ours);
    });
    await fc.assert(property, runs(30));
    assert.isAbove(updates, 3500);
    assert.isAbove(alarms, 50);
  });

  const counts = fc.tuple(uint(46), uint(46)).map(([a, b]) => (a < b ? ([a, b] as const) : ([b, a] as const)));
  const word = fc
    .tuple(counts, counts, uint(40), uint(24))
    .map(([[slowGood, slowTotal], [fastGood, fastTotal], cusum, epoch]) =>
      packRecord({ slowGood, slowTotal, fastGood, fastTotal, cusum, epoch }),
    );

  it("agrees on words that no history writes, and on what it refuses", async () => {
    let refused = 0;
    const ahead = fc.oneof(fc.bigInt({ min: -2n, max: 3n }), fc.bigInt({ min: -5000n, max: 5000n }));
    const property = fc.asyncProperty(word, ahead, uint(17), uint(17), fc.boolean(), async (w, gap, a, b, slow) => {
      const epoch = (w >> 232n) + gap;
      if (epoch < 0n) return;
      const [good, all] = a < b || a % 8n === 0n ? [a, b] : [b, a];
      const ours = attemptTs(() => update(w, epoch, good, all, speed(slow)));
      const theirs = await attempt("update", w, epoch, good, all, slow);
      if (ours === REFUSED) refused++;
      assert.deepEqual(
        ours === REFUSED || theirs === REFUSED ? theirs : theirs.toArray(),
        ours === REFUSED ? ours : [ours.word, ours.alarm],
      );
      assert.deepEqual((await call("read", w)).toArray(), reads(w, false));
    });
    await fc.assert(property, runs(700));
    assert.isAbove(refused, 60);
  });

  it("caps samples alike", async () => {
    const property = fc.asyncProperty(
      fc.oneof(word, fc.constant(0n)),
      fc.oneof(uint(8), uint(22)),
      async (w, samples) => {
        assert.equal(await call("capSamples", w, samples), capSamples(w, samples));
      },
    );
    await fc.assert(property, runs(200));
  });

  it("follows the published vectors within ten units, with every alarm", async () => {
    const url = new URL("../../vectors/reliability.csv", import.meta.url);
    const rows = readFileSync(url, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",").map(Number));
    assert.isAtLeast(rows.length, 900);
    for (const id of new Set(rows.map((row) => row[0]))) {
      const mine = rows.filter((row) => row[0] === id);
      const list = mine.map(([, epoch, good, total]) => ({ epoch, good, total }));
      const states = await call("updates", 0n, list, false);
      mine.forEach(([, epoch, , , alarm, low, mean], i) => {
        assert.equal(states[i].alarm, alarm === 1, `alarm of record ${id} at epoch ${epoch}`);
        assert.closeTo(Number(states[i].lower), low!, 10, `lower bound of record ${id} at epoch ${epoch}`);
        assert.closeTo(Number(states[i].mean), mean!, 10, `mean of record ${id} at epoch ${epoch}`);
      });
    }
  });
});
