import type { Comparison } from "./comparison.ts";
import { SuretyError } from "./errors.ts";
import type { PanelCalibration } from "./profile.ts";

/** What the panel test says of several samples together. */
export type PanelResult = {
  verdict: "not-judged" | "pass" | "fail";
  /** Samples that were judged. */
  n: number;
  /** Probability that honest answers lie as far away as these do, together. */
  p: number;
};

/**
 * Deviation of one sample for the panel test: the lesser over native and WASM of the largest deviation over its float outputs,
 * in units of tau. Undefined where a deviation says nothing: outside the domain, references that disagree, an output wrong in
 * kind, no float output.
 */
export function panelDeviation({ judged, outputs }: Comparison): number | undefined {
  const floats = outputs.filter(({ rule }) => rule === "float");
  if (!judged || floats.length === 0 || floats.some(({ wrong }) => wrong !== null)) return undefined;
  return Math.min(Math.max(...floats.map((o) => o.native)), Math.max(...floats.map((o) => o.wasm)));
}

/**
 * Fisher's method over the samples of an epoch (docs/protocol.md section 6): a cheat so mild that each answer alone is
 * plausible is not plausible twelve times. The share of calibrated honest deviations that reach a sample's, stretched by the
 * calibration's factor, is its p value; -sum ln p of n honest samples is at most Gamma(n, 1) distributed. No sample alone can
 * fail a panel: the least p value is 1 / (honest + 1).
 * @param deviations one per distinct input, as {@link panelDeviation} gives them: a repeated request must count once
 * @throws SuretyError PROTOCOL_BAD_PANEL if a deviation is negative or no number
 */
export function panelTest(deviations: readonly number[], calibration: PanelCalibration): PanelResult {
  const { honest, stretch, alpha, least } = calibration;
  const n = deviations.length;
  let total = 0;
  for (const d of deviations) {
    if (!(d >= 0)) throw new SuretyError("PROTOCOL_BAD_PANEL", `a deviation is ${d}, needs a number of at least 0`);
    total -= Math.log((1 + honest.length - below(honest, d / stretch)) / (honest.length + 1));
  }
  const p = gammaTail(n, total);
  if (n < least) return { verdict: "not-judged", n, p };
  return { verdict: p < alpha ? "fail" : "pass", n, p };
}

/** How many of the sorted values lie below `limit`. */
function below(sorted: readonly number[], limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** P(Gamma(n, 1) >= x) for whole n: e^-x times the sum of x^k / k! for k < n; 1 for n = 0. */
function gammaTail(n: number, x: number): number {
  let term = Math.exp(-x);
  let sum = n === 0 ? 1 : 0;
  for (let k = 0; k < n; k++) {
    sum += term;
    term *= x / (k + 1);
  }
  return Math.min(1, sum);
}
