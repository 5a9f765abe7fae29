import { type ModelManifest, modelId, profileHash, type Tensor, type ToleranceProfile } from "@surety/protocol";
import { panelOf, powerOf } from "../../../protocol/src/testing/models.ts";
import type { Models, Rerunner } from "../ports.ts";

/** y = 2a + b over rows [a, b]: a model small enough to be run by hand. For tests. */
export const profile: ToleranceProfile = {
  v: 1,
  modelHash: `0x${"11".repeat(32)}`,
  ortVersion: "1.30.0",
  configs: ["wasm"],
  C: 64,
  seed: 1,
  S: 8,
  outputs: [{ name: "y", datatype: "FP32", mode: "float", floorScale: 1, floorL2: 1, tauMax: 1e-5, tauL2: 1e-5 }],
  class: "tolerance",
  simulated: 10_000,
  panel: panelOf(),
  power: [powerOf("int8-weights")],
};

export const manifest: ModelManifest = {
  v: 1,
  name: "toy",
  onnxSha256: `0x${"11".repeat(32)}`,
  onnxCid: "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
  inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2], min: -10, max: 10 }],
  outputs: [{ name: "y", datatype: "FP32", shape: [-1, 1] }],
  profileHash: profileHash(profile),
  runtime: "onnxruntime-node@1.30.0",
  batchAxis: 0,
  maxOpenBytes: 4096,
};

/** Id of the toy model. */
export const toyId = modelId(manifest);

const bytes = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

/** Inputs of one or more rows. */
export const toyInputs = (...rows: [number, number][]): Tensor[] => [
  { name: "x", datatype: "FP32", shape: [rows.length, 2], data: bytes(rows.flat()) },
];

/** Runs the toy model; `error` is added to every output. */
export function toyRun(inputs: readonly Tensor[], error = 0): Tensor[] {
  const { data, shape } = inputs[0]!;
  const x = new Float32Array(data.slice().buffer);
  const y = Array.from({ length: shape[0]! }, (_, i) => 2 * x[2 * i]! + x[2 * i + 1]! + error);
  return [{ name: "y", datatype: "FP32", shape: [shape[0]!, 1], data: bytes(y) }];
}

export const toyModels: Models = { get: (id) => (id === toyId ? { manifest, profile } : undefined) };

/** Both runtimes agree on the toy model. */
export const toyRerunner: Rerunner = {
  native: async (_id, sets) => sets.map((set) => toyRun(set)),
  wasm: async (_id, sets) => sets.map((set) => toyRun(set)),
};
