import * as p from "@surety/protocol";
import { panelOf, powerOf } from "../../protocol/src/testing/models.ts";
import { h, plain } from "./common.ts";

const tolerance = (name: string, over: Partial<p.OutputTolerance> = {}): p.OutputTolerance => ({
  name,
  datatype: "FP32",
  mode: "float",
  floorScale: 0.5,
  floorL2: 0.75,
  tauMax: 4.76837158203125e-6,
  tauL2: 3.5e-6,
  ...over,
});
const exact = (name: string, over: Partial<p.OutputTolerance> = {}) =>
  tolerance(name, { datatype: "INT64", mode: "exact", floorScale: 0, floorL2: 0, tauMax: 0, tauL2: 0, ...over });
export const profile: p.ToleranceProfile = {
  v: 1,
  modelHash: h("onnx"),
  ortVersion: "1.30.0",
  configs: ["native:disabled", "wasm"],
  C: 64,
  seed: 7,
  S: 8,
  outputs: [
    tolerance("scores"),
    exact("label", { mode: "margin", logits: "scores" }),
    exact("name", { datatype: "BYTES" }),
  ],
  class: "tolerance",
  simulated: 10_000,
  panel: panelOf(),
  power: [powerOf("bf16-weights"), powerOf("fp16-weights"), powerOf("int8-weights")],
};

export function comparisons() {
  const scores = [0.5, 0.49999952316284, -0.25, 0.125, 1, -1];
  const run = (first: number, label = [0, 1], name = "up", values = scores) => [
    p.floatTensor("scores", [2, 3], [values[0]! + first, ...values.slice(1)]),
    p.int64Tensor("label", [2], label),
    p.bytesTensor("name", [1], [name]),
  ];
  const own = run(0);
  const near = run(2 ** -19);
  const cases: [string, p.Tensor[], p.Tensor[]?, boolean?][] = [
    ["the same", own],
    ["within tau", run(2 ** -19)],
    ["between tau and four tau", run(2 ** -17)],
    ["beyond four tau", run(2 ** -14)],
    ["beyond four tau, outside the domain", run(2 ** -14), own, false],
    ["beyond four tau, but the runtimes disagree", run(2 ** -14), run(2 ** -15)],
    ["within tau of WASM only", run(2 ** -14), run(2 ** -14)],
    ["beyond four tau of both, which differ a little", run(2 ** -13), near],
    ["a near tie of the arg-max", run(0, [1, 1])],
    ["another arg-max", run(0, [2, 1])],
    ["an index that does not exist", run(0, [0, 3])],
    ["another text", run(0, [0, 1], "down")],
    ["an output missing", own.slice(1)],
    ["an output too many", [...own, p.int64Tensor("more", [1], [1])]],
    ["another shape", [{ ...own[0]!, shape: [3, 2] }, own[1]!, own[2]!]],
    ["another datatype", [{ ...own[0]!, datatype: "INT32" }, own[1]!, own[2]!]],
    ["NaN where both runtimes have a number", run(Number.NaN)],
    ["NaN, though the runtimes disagree", run(Number.NaN), run(2 ** -15)],
    ["bytes that do not fit the shape", [{ ...own[0]!, data: own[0]!.data.slice(1) }, own[1]!, own[2]!]],
  ];
  return cases.map(([why, claim, wasm = own, inDomain = true]) => {
    const result = p.compare({ claim, native: own, wasm, profile, inDomain });
    return { why, claim: claim.map(plain), native: own.map(plain), wasm: wasm.map(plain), inDomain, ...result };
  });
}

export function documents() {
  const manifest: p.ModelManifest = {
    v: 1,
    name: "eth-regime-transformer",
    onnxSha256: h("onnx"),
    onnxCid: "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
    inputs: [{ name: "window", datatype: "FP32", shape: [-1, 2, 2], min: -12.5, max: 12.5 }],
    outputs: [{ name: "scores", datatype: "FP32", shape: [-1, 3] }],
    profileHash: p.profileHash(profile),
    runtime: "onnxruntime-node@1.30.0",
    batchAxis: 0,
    maxOpenBytes: 24_576,
  };
  const window = (rows: number, value: number) => [p.floatTensor("window", [rows, 2, 2], Array(4 * rows).fill(value))];
  return {
    profile: { value: profile, json: p.canonicalJson(profile), hash: p.profileHash(profile) },
    manifest: { value: manifest, json: p.canonicalJson(manifest), modelId: p.modelId(manifest) },
    requests: [
      { why: "one row inside the domain", inputs: window(1, 12.5) },
      { why: "three rows", inputs: window(3, -12.5) },
      { why: "a value outside the domain", inputs: window(2, 12.75) },
      { why: "NaN is outside the domain", inputs: window(1, Number.NaN) },
    ].map(({ why, inputs }) => ({
      why,
      inputs: inputs.map(plain),
      units: p.units(manifest, inputs),
      inDomain: p.inDomain(manifest, inputs),
    })),
  };
}
