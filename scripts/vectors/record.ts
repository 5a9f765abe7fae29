import * as p from "@surety/protocol";
import { n, range } from "./common.ts";

export function records() {
  const speeds = { "30/3": p.SPEED_30_3, "90/10": p.SPEED_90_10 };
  const runs = Object.entries(speeds).flatMap(([speed, value]) =>
    ["steady", "drop", "poor", "gaps"].map((kind) => {
      let word = 0n;
      let epoch = 0;
      const updates = range(30, (i) => {
        epoch += kind === "gaps" ? 1 + n(`gap.${i}`, 40) : 1;
        const total = kind === "gaps" && i % 5 === 4 ? 0 : [64, 48, 192, 22][i % 4]!;
        const lost =
          n(`${kind}.${i}`, 3) + (kind === "poor" || (kind === "drop" && i > 15) ? Math.floor(total / 4) : 0);
        const good = Math.max(0, total - lost);
        const next = p.update(word, epoch, good, total, value);
        word = next.word;
        return {
          epoch,
          good,
          total,
          ...next,
          lower: p.lowerBound(word),
          upper: p.upperBound(word),
          mean: p.mean(word),
        };
      });
      return { speed, kind, updates, capped: p.capSamples(word) };
    }),
  );
  const extremes = [
    { why: "epoch 0, nothing seen", word: 0n, epoch: 0, good: 0, total: 0 },
    { why: "the most samples, all bad", word: 0n, epoch: 9, good: 0, total: 65_535 },
    {
      why: "the last epoch: decayed to nothing",
      word: p.update(0n, 1, 64, 64).word,
      epoch: 2 ** 24 - 1,
      good: 0,
      total: 0,
    },
    { why: "worse than 20 %: no test", word: p.update(0n, 1, 10, 64).word, epoch: 2, good: 0, total: 64 },
  ].map((c) => ({ ...c, result: p.update(c.word, c.epoch, c.good, c.total) }));
  const fresh = { word: 0n, lower: p.lowerBound(0n), upper: p.upperBound(0n), mean: p.mean(0n) };
  return { fresh, runs, extremes };
}

export function pay(runs: ReturnType<typeof records>["runs"]) {
  const last = (i: number) => runs[i]!.updates.at(-1)!.word;
  const words: [bigint, bigint, bigint][] = [
    [0n, 0n, 0n],
    [last(0), last(0), last(4)],
    [last(0), last(2), last(4)],
    [last(3), 0n, last(7)],
    [last(1), last(0), last(5)],
  ];
  const scores = [0n, 940_000_000n, 940_000_001n, 965_432_100n, 989_999_999n, 990_000_000n, 1_000_000_000n];
  const ages = [0, 1, 12, 13, 30, 61, 365, 10_000];
  const e18 = 10n ** 18n;
  const weights = [
    { score: 990_000_000n, age: 30, bonded: 7n * e18, stake: 10n * e18, totalBonded: 9n * e18 },
    { score: 965_432_100n, age: 3, bonded: 7n * e18 + 1n, stake: 8n * e18, totalBonded: 9n * e18 },
    { score: 930_000_000n, age: 300, bonded: e18, stake: e18, totalBonded: e18 },
    { score: 1_000_000_000n, age: 1000, bonded: 2n ** 96n, stake: 2n ** 90n + 7n, totalBonded: 2n ** 97n },
    { score: 1_000_000_000n, age: 30, bonded: 0n, stake: 0n, totalBonded: 0n },
  ];
  return {
    scores: words.map(([t, k, c]) => ({ timely: t, peak: k, correct: c, score: p.score(t, k, c) })),
    quality: scores.map((score) => ({ score, quality: p.quality(score) })),
    tenure: ages.map((age) => ({ age, tenure: p.tenure(age) })),
    payWeight: weights.map((w) => ({ ...w, weight: p.payWeight(w) })),
  };
}

export function schedule() {
  const devnet = {
    logWindow: 2n,
    beaconLag: 1n,
    openWindow: 2n,
    commitWindow: 2n,
    outputWindow: 2n,
    revealWindow: 2n,
    disputeWindow: 5n,
    answerWindow: 2n,
    juryWindow: 5n,
    grace: 1n,
  };
  const hour = {
    logWindow: 7200n,
    beaconLag: 600n,
    openWindow: 3600n,
    commitWindow: 14_400n,
    outputWindow: 3600n,
    revealWindow: 14_400n,
    disputeWindow: 259_200n,
    answerWindow: 43_200n,
    juryWindow: 86_400n,
    grace: 3600n,
  };
  const cases = [
    { clock: { genesis: 1_763_700_001n, length: 10n }, windows: devnet },
    { clock: { genesis: 1_763_683_200n, length: 86_400n }, windows: hour },
  ];
  return cases.map(({ clock, windows }) => ({
    clock,
    windows,
    leastExitDelay: p.leastExitDelay(clock, windows),
    epochs: [0, 1, 41].map((epoch) => ({ epoch, ...p.epochTimes(clock, windows, epoch) })),
    settledLate: {
      epoch: 1,
      settledAt: clock.genesis + 50n * clock.length,
      ...p.epochTimes(clock, windows, 1, clock.genesis + 50n * clock.length),
    },
    moments: [0n, 1n, 416n, 417n, 5000n, 9999n].map((part) => {
      const ms = clock.genesis * 1000n + clock.length * 41_000n + (clock.length * 1000n * part) / 10_000n;
      const epoch = p.epochAt(clock, ms / 1000n);
      return { ms, epoch, slot: p.slotAt(clock, epoch, ms) };
    }),
  }));
}
