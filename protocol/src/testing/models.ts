import type { ModelManifest } from "../manifest.ts";
import type { CheatName, CheatPower } from "../power.ts";
import type { OutputTolerance, PanelCalibration, ToleranceProfile } from "../profile.ts";
import { hash } from "./samples.ts";

/** A tolerance for one float output, for tests: scale floor 1, norm floor 1, tau 1e-5 by either measure. */
export const floatOutput = (name: string, over: Partial<OutputTolerance> = {}): OutputTolerance => ({
  name,
  datatype: "FP32",
  mode: "float",
  floorScale: 1,
  floorL2: 1,
  tauMax: 1e-5,
  tauL2: 1e-5,
  ...over,
});

/** A tolerance for an output that is compared exactly, for tests. */
export const exactOutput = (name: string, over: Partial<OutputTolerance> = {}): OutputTolerance => ({
  name,
  datatype: "INT64",
  mode: "exact",
  floorScale: 0,
  floorL2: 0,
  tauMax: 0,
  tauL2: 0,
  ...over,
});

/** The power of a profile that always sees a cheat, for tests. */
export const powerOf = (cheat: CheatName, over: Partial<CheatPower> = {}): CheatPower => {
  const never = { single: 0, both: 0 };
  const missed = { 12: never, 24: never, 48: never };
  const none = { share: 0, low: 0, high: 0.015 };
  const shares = { match: none, grey: none, mismatch: { share: 1, low: 0.985, high: 1 } };
  return { cheat, inputs: 256, least: 40, median: 700, ...shares, missed: { all: missed, tenth: missed }, ...over };
};

/** A panel's calibration with honest deviations spread evenly up to an eighth of tau, for tests. */
export const panelOf = (over: Partial<PanelCalibration> = {}): PanelCalibration => ({
  honest: Array.from({ length: 128 }, (_, i) => (i + 1) / 1024),
  stretch: 2,
  alpha: 1e-4,
  least: 8,
  falseAlarms: { 12: 0, 24: 0, 48: 0 },
  ...over,
});

/** A profile of the given outputs, for tests. */
export const profileOf = (outputs: OutputTolerance[], over: Partial<ToleranceProfile> = {}): ToleranceProfile => ({
  v: 1,
  modelHash: hash(0xabc),
  ortVersion: "1.30.0",
  configs: ["native:disabled", "wasm"],
  C: 64,
  seed: 7,
  S: 8,
  outputs,
  class: "tolerance",
  simulated: 10_000,
  ...(outputs.some(({ mode }) => mode === "float") && { panel: panelOf() }),
  power: [powerOf("int8-weights")],
  ...over,
});

/** A manifest of a batched model, for tests. */
export const manifest = (over: Partial<ModelManifest> = {}): ModelManifest => ({
  v: 1,
  name: "eth-regime",
  onnxSha256: hash(0xabc),
  onnxCid: "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
  inputs: [
    { name: "window", datatype: "FP32", shape: [-1, 2], min: -1.5, max: 1.5 },
    { name: "day", datatype: "INT64", shape: [-1], min: 0, max: 6 },
  ],
  outputs: [{ name: "scores", datatype: "FP32", shape: [-1, 3] }],
  profileHash: hash(0xdef),
  runtime: "onnxruntime-node@1.30.0",
  batchAxis: 0,
  maxOpenBytes: 24_576,
  ...over,
});
