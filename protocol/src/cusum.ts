import { lesser } from "./fixed.ts";

/** Page's test for a failure rate that has risen above an accepted one (docs/protocol.md section 7). */

/** ln(1e4) in Q24: reached once in ten thousand by chance. */
export const ALARM = 154_523_870n;
const CUSUM_MAX = (1n << 40n) - 1n;

/** Rung thresholds, in thousandths, of the share of bad samples. */
const RUNGS = [1n, 2n, 5n, 10n, 20n, 50n, 100n, 200n];
/** ln(q1/q0) in Q24 by rung. */
const UP = [23_258_160n, 23_258_160n, 23_258_160n, 23_258_160n, 23_258_160n, 23_258_160n, 23_258_160n, 18_431_656n];
/** ln((1-q0)/(1-q1)) in Q24 by rung. */
const DOWN = [50_458n, 101_169n, 254_849n, 516_263n, 1_059_966n, 2_883_169n, 6_802_576n, 11_629_080n];

/** The lowest rung whose accepted failure rate is at least `bad / total`; -1 if the rate is above them all. */
export const rungOf = (bad: bigint, total: bigint): number => RUNGS.findIndex((t) => bad * 1000n <= total * t);

/** The change detector after `good` and `bad` samples on a rung; Q24 natural logarithms, never below 0. */
export function cusumStep(cusum: bigint, rung: number, good: bigint, bad: bigint): bigint {
  if (rung < 0) return 0n;
  const up = cusum + bad * UP[rung]!;
  const down = good * DOWN[rung]!;
  if (up <= down) return 0n;
  return lesser(up - down, CUSUM_MAX);
}
