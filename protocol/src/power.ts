import type { createReaders, Reader } from "./parse.ts";

/** Cheaper answers that calibration tries against a model, mildest rounding first. */
export const CHEATS = [
  "fp16-weights",
  "bf16-weights",
  "int8-weights",
  "int4-weights",
  "fp16-output",
  "pruned-1-percent",
  "stale-answer",
] as const;

/** Name of one of {@link CHEATS}. */
export type CheatName = (typeof CHEATS)[number];

/** Numbers of samples that an epoch may have (docs/protocol.md section 5, *Log*). */
export const SAMPLES = ["12", "24", "48"] as const;

/** One number for each of {@link SAMPLES}. */
export type BySamples<T> = Record<(typeof SAMPLES)[number], T>;

/** A share of trials, 0 to 1, with its 95 % limits by Wilson. */
export type Share = { share: number; low: number; high: number };

/**
 * Probability, 0 to 1, that an epoch's samples miss a cheat: that no sample is a mismatch (`single`), and that moreover the
 * panel test does not fail (`both`; a 0 means in none of the profile's simulated epochs).
 */
export type Missed = { single: number; both: number };

/** How well verdicts tell one cheat from the model. */
export type CheatPower = {
  cheat: CheatName;
  /** Inputs on which it was tried. */
  inputs: number;
  /** Least and median deviation in units of tau, the nearer of native and WASM; {@link FAR} stands for more, too. */
  least: number;
  median: number;
  match: Share;
  grey: Share;
  mismatch: Share;
  /** For a provider that cheats on all of its answers, and one that cheats on a tenth, drawn by chance. */
  missed: { all: BySamples<Missed>; tenth: BySamples<Missed> };
};

/** Largest deviation that profiles record: JSON knows no infinity. */
export const FAR = 1e9;

/** A cheat is seen if at most this share of epochs of 12 samples misses a provider that cheats on all of its answers. */
export const MOST_MISSED = 0.001;

/** True if the two tests together see a cheat: see {@link MOST_MISSED}. */
export const isSeen = ({ missed }: CheatPower): boolean => missed.all["12"].both <= MOST_MISSED;

/** Square of the normal quantile of 97.5 %. */
const Z2 = 1.959964 ** 2;

/**
 * A share with Wilson's 95 % limits, six decimals.
 * @param hits trials that showed it
 * @param trials all of them, at least 1
 */
export function shareOf(hits: number, trials: number): Share {
  const share = hits / trials;
  const center = share + Z2 / (2 * trials);
  const radius = Math.sqrt(Z2 * ((share * (1 - share)) / trials + Z2 / (4 * trials * trials)));
  const limit = (x: number) => Number(Math.min(1, Math.max(0, x / (1 + Z2 / trials))).toFixed(6));
  return { share: Number(share.toFixed(6)), low: limit(center - radius), high: limit(center + radius) };
}

/** Reader of a profile's `power`. */
export function powerReader({ object, list, number, oneOf }: ReturnType<typeof createReaders>): Reader<CheatPower[]> {
  const portion = number((n) => n >= 0 && n <= 1, "a number from 0 to 1");
  const far = number((n) => n >= 0 && n <= FAR, `a number from 0 to ${FAR}`);
  const share = object<Share>({ share: portion, low: portion, high: portion });
  const each = object<Missed>({ single: portion, both: portion });
  const missed = object<BySamples<Missed>>({ "12": each, "24": each, "48": each });
  const one = object<CheatPower>({
    cheat: oneOf(CHEATS),
    inputs: number((n) => Number.isInteger(n) && n >= 1 && n <= 1_000_000, "an integer from 1 to 1000000"),
    least: far,
    median: far,
    match: share,
    grey: share,
    mismatch: share,
    missed: object<CheatPower["missed"]>({ all: missed, tenth: missed }),
  });
  return list(one, 0, CHEATS.length);
}
