import { type Uint, uint } from "./check.ts";
import { ALARM, cusumStep, rungOf } from "./cusum.ts";
import { SuretyError } from "./errors.ts";
import { FULL, lesser, ONE, powQ32 } from "./fixed.ts";
import { packRecord, type RecordFields, unpackRecord } from "./record-word.ts";
import { wilsonHigh, wilsonLow } from "./wilson.ts";

export { packRecord, type RecordFields, unpackRecord } from "./record-word.ts";

/** Decay per epoch of the two sets of counts, Q32: 2^32 * 2^(-1/halfLife). */
export type Speed = { slow: bigint; fast: bigint };

/** Half-lives of 30 and 3 epochs: words T (timely) and P (timely at peak). */
export const SPEED_30_3: Speed = { slow: 4_196_870_107n, fast: 3_408_917_802n };
/** Half-lives of 90 and 10 epochs: word C (correct). */
export const SPEED_90_10: Speed = { slow: 4_262_016_076n, fast: 4_007_346_185n };

/** Prior of a new record: 18 good of 20. */
const PRIOR_GOOD = 18n * ONE;
const PRIOR_TOTAL = 20n * ONE;
/** Failure mass is remembered up to 100 samples, so that no history is worse than a new identity. */
const MEMORY = 100n * ONE;
const PRIOR_WEIGHT = 40n * ONE;

/**
 * Takes one epoch's samples into a record word. Integers only, every division rounds down, and the order of operations
 * is the rule: `ReliabilityMath` in the contracts agrees bit for bit.
 *
 * @param word the stored word; 0n is a new record (18 good of 20, nothing fast, decayed by one epoch)
 * @param epoch must be above the word's epoch
 * @param good good samples, at most `total`
 * @param total samples, at most 65,535; 0 only decays
 * @returns the new word and whether the CUSUM reached ln(1e4)
 * @throws SuretyError PROTOCOL_RECORD_EPOCH, PROTOCOL_RECORD_COUNTS, PROTOCOL_OUT_OF_RANGE; nothing is changed
 */
export function update(
  word: bigint,
  epoch: Uint,
  good: Uint,
  total: Uint,
  speed: Speed = SPEED_30_3,
): { word: bigint; alarm: boolean } {
  const now = uint("epoch", epoch, 24);
  const all = uint("total", total, 16);
  const ok = uint("good", good, 16);
  if (ok > all) {
    throw new SuretyError("PROTOCOL_RECORD_COUNTS", `good is ${ok}, needs at most total, which is ${all}`);
  }
  const stored = unpackRecord(word);
  const r = word === 0n ? { ...stored, slowGood: PRIOR_GOOD, slowTotal: PRIOR_TOTAL, epoch: now - 1n } : stored;
  if (now <= r.epoch) {
    throw new SuretyError("PROTOCOL_RECORD_EPOCH", `epoch is ${now}, needs one above the record's last, ${r.epoch}`);
  }
  const slow = powQ32(speed.slow, now - r.epoch);
  const fast = powQ32(speed.fast, now - r.epoch);
  let cusum = cusumStep(r.cusum, rungOf(r.slowTotal - r.slowGood, r.slowTotal), ok, all - ok);
  let s = ((r.slowGood * slow) >> 32n) + ok * ONE;
  let n = ((r.slowTotal * slow) >> 32n) + all * ONE;
  const f = ((r.fastGood * fast) >> 32n) + ok * ONE;
  const m = ((r.fastTotal * fast) >> 32n) + all * ONE;

  const alarm = cusum >= ALARM;
  if (alarm) {
    // Only good evidence is forgotten: the failures stay, the rate becomes that of the last days.
    if (m > 0n && s * m > f * n && m > f) {
      const b = n - s;
      n = (b * m) / (m - f);
      s = n - b;
    }
    cusum = 0n;
  }
  const b = n - s;
  if (b > MEMORY) {
    n = (n * MEMORY) / b;
    s = n - MEMORY;
  }
  return {
    word: packRecord({ slowGood: s, slowTotal: n, fastGood: f, fastTotal: m, cusum, epoch: now }),
    alarm,
  };
}

/** The slow counts that reads go by: a word that is new, or decayed to nothing, reads as the prior. */
const slowCounts = (r: RecordFields): [bigint, bigint] =>
  r.slowTotal === 0n ? [PRIOR_GOOD, PRIOR_TOTAL] : [r.slowGood, r.slowTotal];

/** The pessimist's reading, 1e9 = 100 %: history's lower bound, unless even the optimist sees the last days as worse. */
export function lowerBound(word: bigint): bigint {
  const r = unpackRecord(word);
  const low = wilsonLow(...slowCounts(r));
  if (r.fastTotal === 0n) return low;
  return lesser(low, wilsonHigh(r.fastGood, r.fastTotal));
}

/** The optimist's reading of the slow counts, 1e9 = 100 %; 1e9 for a new word or one decayed to nothing. */
export function upperBound(word: bigint): bigint {
  const r = unpackRecord(word);
  return r.slowTotal === 0n ? FULL : wilsonHigh(r.slowGood, r.slowTotal);
}

/** The calibrated rate, 1e9 = 100 %: history as a prior of 40 samples, the last days as news. For prices, not gates. */
export function mean(word: bigint): bigint {
  const r = unpackRecord(word);
  const [s, n] = slowCounts(r);
  return (((PRIOR_WEIGHT * s) / n + r.fastGood) * FULL) / (PRIOR_WEIGHT + r.fastTotal);
}

/**
 * Caps the evidence of a word at `samples`, rates unchanged: what a change of owner or operator does to a record.
 * A new word stays new; the CUSUM and the epoch are kept.
 */
export function capSamples(word: bigint, samples: Uint = 100n): bigint {
  const cap = uint("samples", samples, 24) * ONE;
  const r = unpackRecord(word);
  if (word === 0n) return word;
  const scaled = (good: bigint, total: bigint): [bigint, bigint] =>
    total > cap ? [(good * cap) / total, cap] : [good, total];
  const [slowGood, slowTotal] = scaled(r.slowGood, r.slowTotal);
  const [fastGood, fastTotal] = scaled(r.fastGood, r.fastTotal);
  return packRecord({ ...r, slowGood, slowTotal, fastGood, fastTotal });
}
