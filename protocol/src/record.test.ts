import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { FULL, isqrt, ONE, powQ32 } from "./fixed.ts";
import {
  capSamples,
  lowerBound,
  mean,
  packRecord,
  SPEED_30_3,
  SPEED_90_10,
  unpackRecord,
  update,
  upperBound,
} from "./record.ts";
import { code } from "./testing/refusal.ts";

const csv = readFileSync(new URL("../../test/vectors/reliability.csv", import.meta.url), "utf8")
  .trim()
  .split("\n");
const near = (a: bigint, b: bigint, within: bigint): boolean => (a > b ? a - b : b - a) <= within;

/** A run of epochs: gap to the last, samples, good ones. */
const history = fc.array(
  fc.record({
    gap: fc.integer({ min: 1, max: 40 }),
    total: fc.integer({ min: 0, max: 192 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 40 },
);
const replay = (steps: { gap: number; total: number; share: number }[], speed = SPEED_30_3): bigint => {
  let word = 0n;
  let epoch = 0;
  for (const { gap, total, share } of steps) {
    epoch += gap;
    word = update(word, epoch, Math.round(total * share), total, speed).word;
  }
  return word;
};

describe("record", () => {
  it("follows the published vectors within 10 units, alarms exactly", () => {
    const words = new Map<string, bigint>();
    for (const line of csv.slice(1)) {
      const [id = "", epoch = "", good = "", m = "", alarm, low = "", avg = ""] = line.split(",");
      const next = update(words.get(id) ?? 0n, BigInt(epoch), BigInt(good), BigInt(m));
      words.set(id, next.word);
      expect(next.alarm, line).to.equal(alarm === "1");
      expect(near(lowerBound(next.word), BigInt(low), 10n), `${line}: bound ${lowerBound(next.word)}`).to.equal(true);
      expect(near(mean(next.word), BigInt(avg), 10n), `${line}: mean ${mean(next.word)}`).to.equal(true);
    }
    expect(csv.length).to.equal(901);
    expect(words.size).to.equal(6);
  });

  it("starts from 18 good of 20, one epoch old", () => {
    const { slowGood, slowTotal, fastGood, fastTotal, cusum, epoch } = unpackRecord(update(0n, 7, 0, 0).word);
    expect(slowGood).to.equal((18n * ONE * SPEED_30_3.slow) >> 32n);
    expect(slowTotal).to.equal((20n * ONE * SPEED_30_3.slow) >> 32n);
    expect([fastGood, fastTotal, cusum, epoch]).to.deep.equal([0n, 0n, 0n, 7n]);
    expect(update(0n, 0, 1, 1).word).to.not.equal(0n);
  });

  it("reads an untouched word as the prior", () => {
    const prior = packRecord({
      slowGood: 18n * ONE,
      slowTotal: 20n * ONE,
      fastGood: 0n,
      fastTotal: 0n,
      cusum: 0n,
      epoch: 0n,
    });
    expect(lowerBound(0n)).to.equal(lowerBound(prior));
    expect(mean(0n)).to.equal(900_000_000n);
    expect(upperBound(0n)).to.equal(FULL);
    expect(upperBound(prior) < FULL).to.equal(true);
  });

  it("reads a word that decayed to nothing as new, and takes evidence again", () => {
    const { word: gone } = update(update(0n, 1, 64, 64).word, 5000, 0, 0);
    expect(unpackRecord(gone)).to.deep.include({ slowGood: 0n, slowTotal: 0n, fastTotal: 0n, epoch: 5000n });
    expect(lowerBound(gone)).to.equal(lowerBound(0n));
    expect(upperBound(gone)).to.equal(FULL);
    expect(mean(gone)).to.equal(mean(0n));
    const back = update(gone, 5001, 3, 4);
    expect(unpackRecord(back.word).slowTotal).to.equal(4n * ONE);
  });

  it("decays slower at the speed of correctness", () => {
    const decayed = (speed: typeof SPEED_30_3) =>
      unpackRecord(update(update(0n, 1, 48, 48, speed).word, 31, 0, 0, speed).word);
    expect(decayed(SPEED_90_10).slowTotal > decayed(SPEED_30_3).slowTotal).to.equal(true);
    // Thirty epochs are one slow half-life: half of what the first epoch left.
    expect(near(decayed(SPEED_30_3).slowTotal * 2n, unpackRecord(update(0n, 1, 48, 48).word).slowTotal, 64n)).to.equal(
      true,
    );
  });

  it("alarms on a drop, forgets good evidence only and starts the test again", () => {
    let word = 0n;
    for (let e = 1; e <= 60; e++) word = update(word, e, 64, 64).word;
    const before = unpackRecord(word);
    const { word: after, alarm } = update(word, 61, 40, 64);
    const cut = unpackRecord(after);
    expect(alarm).to.equal(true);
    expect(cut.cusum).to.equal(0n);
    expect(cut.slowTotal < before.slowTotal / 2n).to.equal(true);
    expect(cut.slowTotal - cut.slowGood >= 24n * ONE).to.equal(true);
  });

  it("tests against the rung whose rate the record just keeps", () => {
    const at = (bad: bigint) => {
      const fields = {
        slowGood: 1000n * ONE - bad,
        slowTotal: 1000n * ONE,
        fastGood: 0n,
        fastTotal: 0n,
        cusum: 0n,
        epoch: 1n,
      };
      return unpackRecord(update(packRecord(fields), 2, 10, 11).word).cusum;
    };
    expect(at(ONE)).to.equal(23_258_160n - 10n * 50_458n);
    expect(at(ONE + 1n)).to.equal(23_258_160n - 10n * 101_169n);
    expect(at(100n * ONE + 1n)).to.equal(0n);
    expect(at(200n * ONE + 1n)).to.equal(0n);
  });

  it("forgets nothing on an alarm while the last days are better than history", () => {
    const fields = {
      slowGood: 255n * ONE,
      slowTotal: 300n * ONE,
      fastGood: 290n * ONE,
      fastTotal: 300n * ONE,
      cusum: 154_523_869n,
      epoch: 1n,
    };
    const { word, alarm } = update(packRecord(fields), 2, 2, 4);
    expect(alarm).to.equal(true);
    const { slowTotal, cusum } = unpackRecord(word);
    expect(slowTotal).to.equal(((300n * ONE * SPEED_30_3.slow) >> 32n) + 4n * ONE);
    expect(cusum).to.equal(0n);
  });

  it("remembers at most 100 samples of failure", () => {
    let word = 0n;
    for (let e = 1; e <= 50; e++) {
      word = update(word, e, 20, 192).word;
      const { slowGood, slowTotal } = unpackRecord(word);
      expect(slowTotal - slowGood <= 100n * ONE).to.equal(true);
    }
  });

  it("saturates the CUSUM instead of overflowing it", () => {
    const word = packRecord({
      slowGood: ONE,
      slowTotal: ONE,
      fastGood: 0n,
      fastTotal: 0n,
      cusum: (1n << 40n) - 1n,
      epoch: 1n,
    });
    const { alarm, word: next } = update(word, 2, 0, 65_535);
    expect(alarm).to.equal(true);
    expect(unpackRecord(next).cusum).to.equal(0n);
  });

  it("caps evidence without moving the rate", () => {
    const word = replay(Array.from({ length: 30 }, () => ({ gap: 1, total: 64, share: 0.95 })));
    const capped = unpackRecord(capSamples(word, 100n));
    const was = unpackRecord(word);
    expect(capped.slowTotal).to.equal(100n * ONE);
    expect(capped.fastTotal).to.equal(100n * ONE);
    expect([capped.cusum, capped.epoch]).to.deep.equal([was.cusum, was.epoch]);
    expect(near((capped.slowGood * FULL) / capped.slowTotal, (was.slowGood * FULL) / was.slowTotal, 2n)).to.equal(true);
    expect(capSamples(0n)).to.equal(0n);
    expect(capSamples(capSamples(word))).to.equal(capSamples(word));
  });

  it("keeps its bounds in order, whatever the history", () => {
    fc.assert(
      fc.property(history, fc.boolean(), (steps, slow) => {
        const word = replay(steps, slow ? SPEED_90_10 : SPEED_30_3);
        expect(lowerBound(word) <= upperBound(word)).to.equal(true);
        expect(lowerBound(word) >= 0n && upperBound(word) <= FULL).to.equal(true);
        expect(mean(word) >= 0n && mean(word) <= FULL).to.equal(true);
        if (word !== 0n) expect(packRecord(unpackRecord(word))).to.equal(word);
      }),
      { numRuns: 200 },
    );
  });

  it("is no worse for one failure fewer", () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 192 }), fc.integer({ min: 1, max: 192 }), (steps, total, bad) => {
        fc.pre(bad <= total);
        const word = replay(steps);
        const epoch = unpackRecord(word).epoch + 1n;
        const worse = update(word, epoch, total - bad, total);
        const better = update(word, epoch, total - bad + 1, total);
        // An alarm rewrites the counts, and the cap on failures scales them: compare like with like.
        fc.pre(!worse.alarm && !better.alarm);
        const mass = (w: bigint) => unpackRecord(w).slowTotal - unpackRecord(w).slowGood;
        fc.pre(mass(worse.word) < 100n * ONE);
        expect(lowerBound(better.word) >= lowerBound(worse.word)).to.equal(true);
        expect(mean(better.word) >= mean(worse.word)).to.equal(true);
      }),
      { numRuns: 200 },
    );
  });

  it("refuses what is malformed and says what is needed", () => {
    const word = update(0n, 5, 60, 64).word;
    expect(code(() => update(word, 5, 1, 1))).to.equal("PROTOCOL_RECORD_EPOCH");
    expect(code(() => update(word, 4, 1, 1))).to.equal("PROTOCOL_RECORD_EPOCH");
    expect(code(() => update(word, 6, 2, 1))).to.equal("PROTOCOL_RECORD_COUNTS");
    expect(code(() => update(word, 6, 0, 65_536))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => update(word, 1n << 24n, 1, 1))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => update(word, 6, -1, 1))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => update(word, 6.5, 1, 1))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => update(1n << 256n, 6, 1, 1))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => lowerBound(-1n))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => mean(2n))).to.equal("PROTOCOL_RECORD_MALFORMED");
    expect(code(() => capSamples(2n))).to.equal("PROTOCOL_RECORD_MALFORMED");
    const full = (1n << 48n) - 1n;
    const fields = { slowGood: full, slowTotal: full, fastGood: 0n, fastTotal: 0n, cusum: 0n, epoch: 1n };
    expect(code(() => update(packRecord(fields), 2, 9, 9, { slow: 1n << 32n, fast: 1n << 32n }))).to.equal(
      "PROTOCOL_OUT_OF_RANGE",
    );
    expect(code(() => packRecord({ ...fields, slowTotal: full + 1n }))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => packRecord({ ...fields, fastGood: 1n }))).to.equal("PROTOCOL_RECORD_MALFORMED");
  });
});

describe("fixed point", () => {
  it("takes the floor of the root", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 110n }), (x) => {
        const r = isqrt(x);
        expect(r * r <= x && (r + 1n) * (r + 1n) > x).to.equal(true);
      }),
    );
  });

  it("agrees with floating point on powers of the half-life", () => {
    for (const n of [0n, 1n, 2n, 29n, 30n, 61n, 365n]) {
      expect(Number(powQ32(4_196_870_107n, n)) / 2 ** 32).to.be.closeTo(2 ** (-Number(n) / 30), 1e-7);
    }
  });
});
