/** Fixed-point helpers shared by the record and by tenure. All of them round down. */

/** One sample in Q24. */
export const ONE = 1n << 24n;
/** 100 % where rates are scaled by 1e9. */
export const FULL = 1_000_000_000n;

/** The lesser of two. */
export function lesser(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

/** The greater of two. */
export function greater(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

/** Floor of the square root of `x` >= 0. */
export function isqrt(x: bigint): bigint {
  if (x < 2n) return x;
  let r = 1n << BigInt((x.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (r + x / r) >> 1n;
    if (next >= r) return r;
    r = next;
  }
}

/** `base^exponent` in Q32 by binary squaring, each product rounded down: the order in which the contracts compute it. */
export function powQ32(base: bigint, exponent: bigint): bigint {
  let result = 1n << 32n;
  let b = base;
  for (let n = exponent; n > 0n; n >>= 1n) {
    if (n & 1n) result = (result * b) >> 32n;
    b = (b * b) >> 32n;
  }
  return result;
}
