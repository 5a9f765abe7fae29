import type { Hex } from "viem";
import type { Comparison } from "./comparison.ts";
import type { createReaders, Reader } from "./parse.ts";
import type { BySamples } from "./power.ts";

/** What the panel test of a model needs, found by calibration and kept in its profile. */
export type Panel = {
  /** Deviations between honest runs, in units of tau, increasing: one per calibration input. */
  honest: number[];
  /** Honest hardware may deviate this many times as far as calibration saw. */
  stretch: number;
  /** The test fails below this probability. */
  alpha: number;
  /** Fewest samples that are judged. */
  least: number;
  /** Share of simulated honest epochs that failed, by number of samples. */
  falseAlarms: BySamples<number>;
};

/** What the panel test says of an epoch's samples together. */
export type PanelVerdict = "not-judged" | "pass" | "fail";

/** A verdict on samples together: how many were judged, and how probable it is that honest ones lie this far out. */
export type PanelResult = { verdict: PanelVerdict; n: number; p: number };

/** A sample as the panel takes it: the hash of its inputs, and how it compared. */
export type PanelSample = { inputHash: Hex; comparison: Comparison };

/**
 * How far one sample lies out: the lesser over native and WASM of the largest deviation of its float outputs, in units of
 * tau.
 * @returns undefined if the panel does not judge it: inputs outside the domain, native and WASM in disagreement, an output
 * wrong in kind, or no float output
 */
export function panelDeviation({ sound, outputs }: Comparison): number | undefined {
  const floats = outputs.filter(({ rule }) => rule === "float");
  if (!sound || floats.length === 0 || outputs.some(({ wrong }) => wrong !== null)) return undefined;
  return Math.min(Math.max(...floats.map((o) => o.native)), Math.max(...floats.map((o) => o.wasm)));
}

/**
 * Deviations of samples that the panel judges, each distinct input once, by its largest: a request repeated many times
 * must not frame a provider.
 */
export function panelDeviations(samples: readonly PanelSample[]): number[] {
  const largest = new Map<Hex, number>();
  for (const { inputHash, comparison } of samples) {
    const d = panelDeviation(comparison);
    if (d !== undefined) largest.set(inputHash, Math.max(d, largest.get(inputHash) ?? 0));
  }
  return [...largest.values()];
}

/**
 * Probability that an honest deviation, stretched, is as large as `d`: `(1 + #{h in honest: stretch h >= d}) / (n + 1)`,
 * never 0. Under honesty it is at most uniform.
 */
export function honestTail(d: number, { honest, stretch }: Pick<Panel, "honest" | "stretch">): number {
  let [from, to] = [0, honest.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (stretch * honest[middle]! >= d) to = middle;
    else from = middle + 1;
  }
  return (1 + honest.length - from) / (honest.length + 1);
}

/** P(Gamma(n, 1) >= t) = e^-t sum_{k<n} t^k / k!, term by term in logarithms so that a large t does not underflow. */
function gammaTail(n: number, t: number): number {
  if (t <= 0) return 1;
  let [log, sum] = [-t, 0];
  for (let k = 0; k < n; k++) {
    if (k > 0) log += Math.log(t / k);
    sum += Math.exp(log);
  }
  return Math.min(1, sum);
}

/**
 * The panel test (Fisher's method; docs/protocol.md section 6): T = -sum ln p_i over the samples, p_i by
 * {@link honestTail}. If all are honest T is at most Gamma(n, 1), and p the probability of a T so large; it fails if p < alpha.
 * Many answers that each lie within tau but together too far out are found so.
 *
 * @param deviations of distinct inputs, see {@link panelDeviations}, in units of tau
 * @param panel the profile's; without one, or with fewer samples than its `least`, nothing is judged and p is 1
 */
export function panelTest(deviations: readonly number[], panel: Panel | undefined): PanelResult {
  const n = deviations.length;
  if (panel === undefined || n < panel.least) return { verdict: "not-judged", n, p: 1 };
  const p = gammaTail(
    n,
    deviations.reduce((sum, d) => sum - Math.log(honestTail(d, panel)), 0),
  );
  return { verdict: p < panel.alpha ? "fail" : "pass", n, p };
}

/** Most honest deviations that a profile holds. */
export const MOST_HONEST = 1024;

/** Reader of a profile's `panel`; the bounds keep a profile from switching the test off. */
export function panelReader({ object, list, number, refuse }: ReturnType<typeof createReaders>): Reader<Panel> {
  const within = (min: number, max: number) => number((n) => n >= min && n <= max, `a number from ${min} to ${max}`);
  const rate = within(0, 1);
  const read = object<Panel>({
    honest: list(rate, 64, MOST_HONEST),
    stretch: within(1, 4),
    alpha: within(1e-6, 1e-2),
    least: number((n) => Number.isInteger(n) && n >= 4 && n <= 12, "an integer from 4 to 12"),
    falseAlarms: object<BySamples<number>>({ "12": rate, "24": rate, "48": rate }),
  });
  return (value, at) => {
    const panel = read(value, at);
    const fall = panel.honest.findIndex((h, i) => i > 0 && h < panel.honest[i - 1]!);
    if (fall >= 0) throw refuse(`${at}.honest[${fall}]`, panel.honest[fall], "numbers in increasing order");
    return panel;
  };
}
