import { type Missed, SEATS, sampleCount } from "@surety/protocol";

// How soon samples find a provider that cheats (docs/check.md, "Planning").

/** A cheat as a planner sees it. */
export type CheatPlan = {
  /** Share of answers that are cheats, 0 to 1. */
  cheatShare: number;
  /** Share of cheats that a re-run calls a mismatch, 0 to 1. */
  power: number;
  /** Probability that both tests miss this provider, by number of samples; absent if nobody measured it. */
  missed?: Readonly<Record<"12" | "24" | "48", Missed>>;
};

/** What to expect of one plan. */
export type Outlook = {
  /** Probability of detection in the first epoch. */
  perEpoch: number;
  /** Expected epochs to detection, the one in which it happens included; Infinity if it never does. */
  expectedEpochs: number;
  /** Probability of going undetected for so many epochs. */
  undetected7: number;
  undetected30: number;
};

/** Runtimes in which each of the {@link SEATS} re-runs a sample. */
const RUNTIMES = 2;

/**
 * How many different answers m samples meet among `traffic` of them: positions are drawn with replacement.
 *
 * @returns probabilities by number of different answers, 0 to m
 */
export function distinctAnswers(m: number, traffic: number): number[] {
  let chances = [1];
  for (let drawn = 0; drawn < m; drawn++) {
    const next = new Array<number>(chances.length + 1).fill(0);
    for (const [seen, chance] of chances.entries()) {
      const old = Math.min(1, seen / traffic);
      next[seen]! += chance * old;
      next[seen + 1]! += chance * (1 - old);
    }
    chances = next;
  }
  return chances;
}

/** Probabilities that the samples of one epoch miss a cheat, and that they do not: each exact where it is tiny. */
export type Odds = { miss: number; detect: number };

/**
 * Odds of one epoch: the mean over the number u of different answers that the samples meet. They miss with
 * (1 - cheatShare * power)^u, or with what both tests were measured to miss with the next lower number of samples, if that
 * is less.
 */
export function epochOdds(m: number, traffic: number, { cheatShare, power, missed }: CheatPlan): Odds {
  const both = (u: number) => {
    const measured = [48, 24, 12].find((count) => count <= u);
    return missed === undefined || measured === undefined ? 1 : missed[`${measured as 12 | 24 | 48}`].both;
  };
  const q = cheatShare * power;
  let [miss, detect] = [0, 0];
  for (const [u, chance] of distinctAnswers(m, traffic).entries()) {
    miss += chance * Math.min((1 - q) ** u, both(u));
    if (u > 0) detect += chance * Math.max(-Math.expm1(u * Math.log1p(-q)), 1 - both(u));
  }
  return { miss: detect === 0 ? 1 : miss, detect };
}

/** Samples of a provider whose record is clean, by epochs settled since it began (docs/protocol.md section 5). */
export const samplesOfNew = (settled: number): number => sampleCount({ settled, cusum: 0n, recheck: false });

/** The epoch from which on the number of samples stays as it is. */
const SETTLED = 30;

/**
 * What to expect of a provider that cheats from its first epoch on.
 *
 * @param samplesAt samples of an epoch, by epochs settled before it; constant from the 30th on
 * @param traffic answers per epoch
 */
export function outlook(samplesAt: (settled: number) => number, traffic: number, cheat: CheatPlan): Outlook {
  const known = new Map<number, Odds>();
  const oddsAt = (settled: number): Odds => {
    const m = samplesAt(settled);
    const odds = known.get(m) ?? epochOdds(m, traffic, cheat);
    known.set(m, odds);
    return odds;
  };
  const undetected = [1];
  for (let epoch = 0; epoch < SETTLED; epoch++) undetected.push(undetected[epoch]! * oddsAt(epoch).miss);
  const early = undetected.slice(0, SETTLED).reduce((sum, chance) => sum + chance, 0);
  const left = undetected[SETTLED]!;
  return {
    perEpoch: oddsAt(0).detect,
    expectedEpochs: early + (left === 0 ? 0 : left / oddsAt(SETTLED).detect),
    undetected7: undetected[7]!,
    undetected30: left,
  };
}

/** Re-runs of one epoch by all seats in both runtimes, and their share of the traffic. */
export const rerunCost = (m: number, traffic: number) => ({
  reruns: m * SEATS * RUNTIMES,
  ofTraffic: (m * SEATS * RUNTIMES) / traffic,
});
