import { FULL, isqrt, lesser, ONE } from "./fixed.ts";

/** A quantile of the normal distribution and its square, Q24. */
export type Quantile = { z: bigint; z2: bigint };

/** z = 2.576: a reader picks the moment of reading, so the bound must hold at any time. */
const Z99: Quantile = { z: 43_218_109n, z2: 111_329_847n };

/** z * sqrt(S (N - S) / N + z^2 / 4) in Q24; N > 0. */
const radius = (s: bigint, n: bigint, { z, z2 }: Quantile): bigint =>
  (z * isqrt(((s * (n - s)) / n) * ONE + (z2 * ONE) / 4n)) >> 24n;

/**
 * Wilson's lower bound of a rate.
 * @param s good samples in Q24
 * @param n all samples in Q24, n >= s, n > 0
 * @returns 1e9 = 100 %
 */
export function wilsonLow(s: bigint, n: bigint, quantile = Z99): bigint {
  const center = s + quantile.z2 / 2n;
  const rad = radius(s, n, quantile);
  return center > rad ? ((center - rad) * FULL) / (n + quantile.z2) : 0n;
}

/** Wilson's upper bound of a rate; units as in {@link wilsonLow}. */
export function wilsonHigh(s: bigint, n: bigint, quantile = Z99): bigint {
  return lesser(FULL, ((s + quantile.z2 / 2n + radius(s, n, quantile)) * FULL) / (n + quantile.z2));
}

/** z = 1.95996, two-sided 95 %. */
const Z95_TWO_SIDED = 1.959964;

/**
 * Wilson's interval of a rate at 95 % confidence, in floating point: for what people read, never for what is agreed on.
 * @returns limits from 0 to 1
 */
export function wilsonInterval(count: number, of: number): { low: number; high: number } {
  const z2 = Z95_TWO_SIDED ** 2;
  const center = (count + z2 / 2) / (of + z2);
  const spread = (Z95_TWO_SIDED * Math.sqrt((count * (of - count)) / of + z2 / 4)) / (of + z2);
  return { low: count === 0 ? 0 : center - spread, high: count === of ? 1 : center + spread };
}
