import type { OutputTolerance } from "./profile.ts";
import type { Floats } from "./tensor-values.ts";

// Plain loops over float64: outputs are large, and this runs once per inference and runtime.

/** x / of, where nothing is 0 of anything. */
export const ratio = (x: number, of: number): number => (x === 0 ? 0 : x / of);

/** True if `v` is neither NaN nor infinite; both make the difference NaN. */
const finite = (v: number): boolean => v - v === 0;

/** First element where NaN or an infinity stands in one alone, or infinities differ in sign; -1 if none. */
export function patternBreak(claim: Floats, reference: Floats): number {
  for (let i = 0; i < claim.length; i++) {
    const c = claim[i]!;
    const r = reference[i]!;
    if ((!finite(c) || !finite(r)) && !Object.is(c, r)) return i;
  }
  return -1;
}

/** Largest magnitude among the finite elements. */
export function largestFinite(values: Floats): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]!);
    if (size > max && finite(size)) max = size;
  }
  return max;
}

/**
 * Deviation of a float output in units of its tolerance: max |difference| over the scale, or the L2 norm of the difference
 * over that of the reference, whichever is more. Elements that are not finite are passed over: the pattern is checked before.
 */
export function distance(claim: Floats, reference: Floats, tolerance: OutputTolerance): number {
  const most = largestFinite(reference);
  let furthest = 0;
  for (let i = 0; i < claim.length; i++) {
    if (finite(claim[i]!)) furthest = Math.max(furthest, Math.abs(claim[i]! - reference[i]!));
  }
  // Norms of what is divided by its largest element first, so that no finite output overflows on the way.
  let squares = 0;
  let differences = 0;
  for (let i = 0; i < claim.length; i++) {
    if (!finite(claim[i]!)) continue;
    const r = ratio(reference[i]!, most);
    const d = ratio(claim[i]! - reference[i]!, furthest);
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
