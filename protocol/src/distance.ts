import type { OutputTolerance } from "./profile.ts";
import type { Floats } from "./tensor-values.ts";

// Plain loops over float64: outputs are large, and this runs once per inference and runtime.

/** x / of, where nothing is 0 of anything. */
export const ratio = (x: number, of: number): number => (x === 0 ? 0 : x / of);

/** True if `v` is neither NaN nor infinite; both make the difference NaN. */
const finite = (v: number): boolean => v - v === 0;

/** Largest magnitude among the finite elements. */
export function largestFinite(values: Floats): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]!);
    if (size > max && finite(size)) max = size;
  }
  return max;
}

/** What one pass over a claim and its reference finds. Elements that are not finite are passed over. */
export type Span = {
  /** First element where NaN or an infinity stands in one alone, or infinities differ in sign; -1 if none. */
  broken: number;
  /** Largest magnitude of the reference and largest |difference|; of no meaning if the pattern is broken. */
  most: number;
  furthest: number;
};

/** Compares the patterns of NaN and infinities and finds the largest magnitudes, all in one pass. */
export function spanOf(claim: Floats, reference: Floats): Span {
  let most = 0;
  let furthest = 0;
  for (let i = 0; i < claim.length; i++) {
    const r = reference[i]!;
    const size = Math.abs(r);
    const apart = Math.abs(claim[i]! - r);
    // A difference that is not finite is seldom: of elements that are not, or of finite ones too far apart for a double.
    if (!finite(apart) && !(finite(claim[i]!) && finite(r))) {
      if (!Object.is(claim[i], r)) return { broken: i, most, furthest };
      continue;
    }
    if (size > most) most = size;
    if (apart > furthest) furthest = apart;
  }
  return { broken: -1, most, furthest };
}

/**
 * Deviation of a float output in units of its tolerance: max |difference| over the scale, or the L2 norm of the difference
 * over that of the reference, whichever is more.
 * @param span of the two, whose pattern is not broken
 */
export function distance(
  claim: Floats,
  reference: Floats,
  { most, furthest }: Span,
  tolerance: OutputTolerance,
): number {
  // Norms of what is divided by its largest element first, so that no finite output overflows on the way. Where the largest is 0
  // all are, whatever they are divided by: a question less in the loop, whose answer the zeros of an output make a guess.
  const unit = most === 0 ? 1 : most;
  const step = furthest === 0 ? 1 : furthest;
  let squares = 0;
  let differences = 0;
  for (let i = 0; i < claim.length; i++) {
    const c = claim[i]!;
    if (!finite(c)) continue;
    const r = reference[i]! / unit;
    const d = (c - reference[i]!) / step;
    squares += r * r;
    differences += d * d;
  }
  const norm = furthest === Number.POSITIVE_INFINITY ? furthest : furthest * Math.sqrt(differences);
  const byMax = ratio(furthest, Math.max(most, tolerance.floorScale));
  const byNorm = ratio(norm, Math.max(most * Math.sqrt(squares), tolerance.floorL2));
  return Math.max(ratio(byMax, tolerance.tauMax), ratio(byNorm, tolerance.tauL2));
}

/** How far score `k` of a row lies below the row's best; Infinity if the row holds a score that is not finite. */
export function shortfall(scores: Floats, from: number, width: number, k: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let i = from; i < from + width; i++) {
    const score = scores[i]!;
    if (!finite(score)) return Number.POSITIVE_INFINITY;
    if (score > best) best = score;
  }
  return best - scores[from + k]!;
}
