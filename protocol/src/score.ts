import { type Uint, uint } from "./check.ts";
import { FULL, greater, lesser, powQ32 } from "./fixed.ts";
import { lowerBound, SPEED_30_3, upperBound } from "./record.ts";

/** Below this score nothing is paid: U = 6 %. */
const PAID_FROM = 940_000_000n;
/** Tenure never counts less than a quarter. */
const LEAST_TENURE = 250_000_000n;

/**
 * The published score R, 1e9 = 100 % (docs/protocol.md section 7): the probability, read with caution, that a request
 * arriving the way demand arrives is answered in time and correctly.
 * @param T record word of timely probes
 * @param P record word of timely probes at peak
 * @param C record word of correct re-runs
 */
export function score(T: bigint, P: bigint, C: bigint): bigint {
  return (lesser(lowerBound(T), upperBound(P)) * lowerBound(C)) / FULL;
}

/** Share of full pay that a score earns, 1e9 = 100 %: q = clip((6 % - U) / 5 %, 0, 1) with U = 1 - R (section 8). */
export function quality(R: bigint): bigint {
  const r = uint("score", R, 64);
  if (r <= PAID_FROM) return 0n;
  return lesser((r - PAID_FROM) * 20n, FULL);
}

/**
 * Share of full pay that age earns, 1e9 = 100 %: max(0.25, 1 - 2^(-age/30)).
 * @param age epochs since the record began or last changed hands
 */
export function tenure(age: Uint): bigint {
  const left = powQ32(SPEED_30_3.slow, uint("age", age, 64));
  return greater((((1n << 32n) - left) * FULL) >> 32n, LEAST_TENURE);
}

/** What one provider's weight in an epoch's budget is made of. */
export type PayInput = {
  /** Score R, 1e9 = 100 %. */
  score: bigint;
  /** Epochs of tenure. */
  age: Uint;
  /** Bonded capacity of this promise, wei. */
  bonded: bigint;
  /** The provider's own stake, wei. */
  stake: bigint;
  /** Bonded capacity of all its promises in the epoch, wei. */
  totalBonded: bigint;
};

/** Weight in the epoch's budget, wei: q * tenure * bonded * min(1, stake / totalBonded), rounded down twice (section 8). */
export function payWeight(input: PayInput): bigint {
  const bonded = uint("bonded", input.bonded, 128);
  const stake = uint("stake", input.stake, 128);
  const totalBonded = uint("totalBonded", input.totalBonded, 128);
  const w = (quality(input.score) * tenure(input.age) * bonded) / (FULL * FULL);
  return stake < totalBonded ? (w * stake) / totalBonded : w;
}
