import { FULL, isqrt, lesser, ONE } from "./fixed.ts";

/** z = 2.576 in Q24: a reader picks the moment of reading, so the bound must hold at any time. */
const Z = 43_218_109n;
/** z^2 in Q24. */
const Z2 = 111_329_847n;

/** z * sqrt(S (N - S) / N + z^2 / 4) in Q24; N > 0. */
const radius = (s: bigint, n: bigint): bigint => (Z * isqrt(((s * (n - s)) / n) * ONE + (Z2 * ONE) / 4n)) >> 24n;

/**
 * Wilson's lower bound of a rate.
 * @param s good samples in Q24
 * @param n all samples in Q24, n >= s, n > 0
 * @returns 1e9 = 100 %
 */
export function wilsonLow(s: bigint, n: bigint): bigint {
  const center = s + Z2 / 2n;
  const rad = radius(s, n);
  return center > rad ? ((center - rad) * FULL) / (n + Z2) : 0n;
}

/** Wilson's upper bound of a rate; units as in {@link wilsonLow}. */
export function wilsonHigh(s: bigint, n: bigint): bigint {
  return lesser(FULL, ((s + Z2 / 2n + radius(s, n)) * FULL) / (n + Z2));
}
