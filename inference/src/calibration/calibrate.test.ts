import { checkProfile, floatTensor, inDomain, LEAST_POWER, type Tensor } from "@surety/protocol";
import { expect } from "chai";
import { buildManifest } from "../manifest.ts";
import { createRuntime, type Runtime } from "../runtime.ts";
import { buildModel, floats, honestGraph, node, value } from "../testing/build-onnx.ts";
import { refusal } from "../testing/refusal.ts";
import { calibrate } from "./calibrate.ts";

const sets = (count: number, scale = 1) =>
  Array.from({ length: count }, (_, i) => [
    floatTensor(
      "x",
      [1, 3],
      [i / 7, Math.sin(i), i % 5].map((v) => v * scale),
    ),
  ]);

const codeOf = async (work: Promise<unknown>) => (await refusal(work)).code;

describe("calibrate", function () {
  this.timeout(120_000);
  let reference: Runtime;
  let alternatives: Record<string, Runtime>;
  before(() => {
    reference = createRuntime({ kind: "native", timeoutMs: 60_000 });
    alternatives = {
      disabled: createRuntime({ kind: "native", optimization: "disabled", timeoutMs: 60_000 }),
      wasm: createRuntime({ kind: "wasm", timeoutMs: 60_000 }),
    };
  });
  after(async () => {
    await Promise.all([reference, ...Object.values(alternatives)].map((runtime) => runtime.close()));
  });
  const run = (model: Uint8Array, inputs: Tensor[][]) => calibrate({ model, inputs, seed: 3, reference, alternatives });

  it("gives float outputs tolerances above zero, others none, and finds the cheats", async () => {
    const graph = {
      ...honestGraph(),
      node: [
        node("Gemm", ["x", "w", "b"], ["y"]),
        node("ArgMax", ["y"], ["k"], { attribute: [{ name: "axis", type: 2, i: 1 }] }),
      ],
      output: [value("y", ["batch", 2]), value("k", ["batch", 1], 7)],
    };
    const heard: string[] = [];
    const { profile, findings } = await calibrate({
      model: buildModel(graph),
      inputs: sets(64),
      seed: 3,
      reference,
      alternatives,
      onProgress: (what, done, total) => heard.push(`${what} ${done}/${total}`),
    });
    expect(checkProfile(profile)).to.deep.equal(profile);
    expect(profile).to.include({ C: 64, seed: 3, S: 8, ortVersion: "1.30.0" });
    expect(profile.configs).to.deep.equal(["disabled", "wasm"]);
    const [y, k] = profile.outputs;
    expect(y).to.include({ name: "y", datatype: "FP32", mode: "float" });
    expect(y!.tauMax).to.be.within(8 * 2 ** -22 * 0.99, 1e-5);
    expect(y!.tauL2).to.be.within(8 * 2 ** -24 * 0.99, 1e-5);
    expect(k).to.deep.equal({
      name: "k",
      datatype: "INT64",
      mode: "exact",
      floorScale: 0,
      floorL2: 0,
      tauMax: 0,
      tauL2: 0,
    });
    expect(findings.map(({ name }) => name)).to.deep.equal(["int8-weights", "fp16-output"]);
    for (const { name, least, median } of findings) {
      expect(median).to.be.at.least(least);
      expect(name in profile.power).to.equal(least > LEAST_POWER);
    }
    expect(heard.at(-1)).to.equal("int8-weights 256/256");
  });

  it("claims no power over a cheat that some input does not show", async () => {
    // Halves are exact in half precision: rounding the output changes nothing.
    const graph = {
      ...honestGraph(),
      initializer: [floats("w", [3, 2], [1, 1, 1, 1, 1, 1]), floats("b", [2], [0, 0])],
    };
    const inputs = Array.from({ length: 64 }, (_, i) => [floatTensor("x", [1, 3], [i / 2, 1, 2])]);
    const { profile, findings } = await run(buildModel(graph), inputs);
    expect(findings).to.deep.equal([
      { name: "int8-weights", least: 0, median: 0, caught: 0 },
      { name: "fp16-output", least: 0, median: 0, caught: 0 },
    ]);
    expect(profile.power).to.deep.equal({});
  });

  it("refuses a model whose honest runs are too far apart to be told from cheap ones", async () => {
    const chaotic = buildModel({
      ...honestGraph(),
      node: [
        node("Gemm", ["x", "w"], ["g"]),
        node("Sin", ["g"], ["s"]),
        node("Mul", ["s", "million"], ["m"]),
        node("Floor", ["m"], ["f"]),
        node("Sub", ["m", "f"], ["y"]),
      ],
      initializer: [floats("w", [3, 2], [0.1, -0.7, 1.3, 0.25, -2.2, 0.6]), floats("million", [1], [1e6])],
    });
    expect(await codeOf(run(chaotic, sets(64)))).to.equal("PROTOCOL_BAD_PROFILE");
  });

  it("refuses too few inputs, and outputs that are no numbers", async () => {
    expect(await codeOf(run(buildModel(), sets(63)))).to.equal("INFERENCE_CALIBRATION_TOO_FEW");
    const log = buildModel({ ...honestGraph(), node: [node("Gemm", ["x", "w"], ["g"]), node("Log", ["g"], ["y"])] });
    expect(await codeOf(run(log, sets(64)))).to.equal("INFERENCE_CALIBRATION_NOT_FINITE");
  });

  it("makes a manifest whose domain is the calibrated one, twice as wide, on its side of zero", async () => {
    const model = buildModel();
    const inputs = sets(64).map(([x]) => [{ ...x! }]);
    const { profile } = await run(model, inputs);
    const manifest = buildManifest({ name: "tiny", model, profile, inputs });
    expect(manifest).to.include({
      v: 1,
      name: "tiny",
      batchAxis: 0,
      runtime: "onnxruntime-node@1.30.0",
      maxOpenBytes: 24_576,
    });
    const { min, max } = manifest.inputs[0]!;
    const [least, most] = [Math.fround(Math.sin(11)), 9];
    expect(min).to.be.closeTo(least - (most - least) / 2, 1e-6);
    expect(max).to.be.closeTo(most + (most - least) / 2, 1e-6);
    expect(inDomain(manifest, [floatTensor("x", [2, 3], [0, 0, 0, 13, 0, 0])])).to.equal(true);
    expect(inDomain(manifest, [floatTensor("x", [2, 3], [0, 0, 0, 14.5, 0, 0])])).to.equal(false);

    const positive = sets(64).map(([x]) => [
      floatTensor("x", [1, 3], [...new Float32Array(x!.data.slice().buffer)].map(Math.abs)),
    ]);
    const { inputs: domain } = buildManifest({ name: "tiny", model, profile, inputs: positive });
    expect(domain[0]!.min).to.equal(0);
  });
});
