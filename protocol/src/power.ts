import { createReaders } from "./parse.ts";

/** The cheaper ways to answer that every calibration tries against a model. */
export const BATTERY = [
  "fp16-weights",
  "bf16-weights",
  "int8-weights",
  "int4-weights",
  "fp16-output",
  "pruned-1-percent",
  "stale-answer",
] as const;
/** One of them. */
export type CheatName = (typeof BATTERY)[number];

/** A share of inputs with Wilson's limits at 95 % confidence, 0 to 1. */
export type Share = { share: number; low: number; high: number };

/** Sample counts of a log, as a profile names them. */
export const SAMPLE_COUNTS = ["12", "24", "48"] as const;
/** One of them. */
export type SampleCount = (typeof SAMPLE_COUNTS)[number];

/** Probability that none of an epoch's samples shows a cheat, 0 to 1. */
export type Missed = {
  /** No single answer is a mismatch. */
  single: number;
  /** No single answer is a mismatch, and the panel test passes or is not judged. */
  both: number;
};

/** How well a profile tells one cheat of the battery from the model. */
export type CheatPower = {
  cheat: CheatName;
  /** Inputs on which it was tried. */
  inputs: number;
  /** Least and median deviation over the inputs, in units of tau; `MOST_DEVIATION` at most. */
  least: number;
  median: number;
  /** Shares of its answers by verdict. */
  match: Share;
  grey: Share;
  mismatch: Share;
  /** Of a provider that cheats on all, or on a tenth, of its answers, by number of samples. */
  missed: { all: Record<SampleCount, Missed>; tenth: Record<SampleCount, Missed> };
};

/** Deviations are written down up to this many tau: an answer wrong in kind is infinitely far away. */
export const MOST_DEVIATION = 1e9;
/** A cheat is seen if twelve samples miss a provider that cheats on all answers at most this often. */
export const SEEN = 0.001;

const { refuse, object, number, oneOf } = createReaders("PROTOCOL_BAD_PROFILE");

const probability = number((n) => n >= 0 && n <= 1, "a probability from 0 to 1");
const deviation = number((n) => n >= 0 && n <= MOST_DEVIATION, `a deviation from 0 to ${MOST_DEVIATION}`);
const share = object<Share>({ share: probability, low: probability, high: probability });
const missed = object<Missed>({ single: probability, both: probability });
const bySamples = object<Record<SampleCount, Missed>>({ 12: missed, 24: missed, 48: missed });

const cheatPower = object<CheatPower>({
  cheat: oneOf(BATTERY),
  inputs: number((n) => Number.isInteger(n) && n >= 1, "an integer from 1"),
  least: deviation,
  median: deviation,
  match: share,
  grey: share,
  mismatch: share,
  missed: object<CheatPower["missed"]>({ all: bySamples, tenth: bySamples }),
});

/** Reads the measured power of one cheat strictly, and refuses a cheat that is not seen. */
export function readPower(value: unknown, at: string): CheatPower {
  const power = cheatPower(value, at);
  for (const name of ["match", "grey", "mismatch"] as const) {
    const { share, low, high } = power[name];
    if (low > share || share > high)
      throw refuse(`${at}.${name}`, share, `a share between its limits ${low} and ${high}`);
  }
  const { both } = power.missed.all["12"];
  if (both > SEEN)
    throw refuse(`${at}.missed.all.12.both`, both, `at most ${SEEN}: the profile does not see ${power.cheat}`);
  return power;
}
