import type { CheatName, Comparison, ModelClass, OutputTolerance, SampleCount } from "@surety/protocol";
import type { Passed } from "./epochs.ts";

/** How many answers got each verdict. */
export type Verdicts = Record<Comparison["verdict"], number>;

/** Honest answers of one model under one configuration. */
export type HonestResult = {
  configuration: string;
  checks: number;
  /** Checks whose claim differed from the native reference in at least one bit. */
  different: number;
  verdicts: Verdicts;
  /** Largest deviation in units of tau: from native, and from the nearer of native and WASM; null for an infinite one. */
  fromNative: number | null;
  fromNearer: number | null;
  epochs: Record<SampleCount, Passed>;
};

/** Answers of one cheat in place of one model's. */
export type CheatResult = {
  cheat: CheatName;
  answers: number;
  verdicts: Verdicts;
  /** Least and median deviation in units of tau, from the nearer of native and WASM; null for an infinite one. */
  least: number | null;
  median: number | null;
  /** Of a provider that cheats on all, or on a tenth, of its answers. */
  epochs: { all: Record<SampleCount, Passed>; tenth: Record<SampleCount, Passed> };
};

/** All that was measured of one model. */
export type ModelResult = {
  name: string;
  source: "shipped" | "generated";
  class: ModelClass;
  /** Inputs that the profile was calibrated on, and fresh ones that it is tried on here. */
  calibrated: number;
  fresh: number;
  outputs: OutputTolerance[];
  honest: HonestResult[];
  cheats: CheatResult[];
  /** Cheats that change no bit of any answer to a fresh input. */
  idle: CheatName[];
  seconds: number;
};

/** Something that could not be done on this machine. */
export type LeftOut = { configuration: string; reason: string };

/** What the results are judged by. */
export type Target = { target: string; met: boolean; found: string };

/** The whole report, as `--json` writes it. */
export type PowerReport = {
  machine: { processor: string; isa: string; cores: number; system: string; node: string; onnxruntime: string };
  seed: number;
  quick: boolean;
  seconds: number;
  models: ModelResult[];
  leftOut: LeftOut[];
  targets: Target[];
};
