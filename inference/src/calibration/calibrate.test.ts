import { BATTERY, checkProfile, floatTensor, inDomain, SAMPLE_COUNTS, type Tensor } from "@surety/protocol";
import { expect } from "chai";
import { buildManifest } from "../manifest.ts";
import { createRuntime, type Runtime } from "../runtime.ts";
import { buildModel, floats, honestGraph, node, value } from "../testing/build-onnx.ts";
import { refusal } from "../testing/refusal.ts";
import { calibrate } from "./calibrate.ts";
import { isaClass } from "./isa.ts";

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

  it("gives float outputs tolerances above zero, others none, and sees the cheats", async () => {
    const graph = {
      ...honestGraph(),
      node: [
        node("Gemm", ["x", "w", "b"], ["y"]),
        node("ArgMax", ["y"], ["k"], { attribute: [{ name: "axis", type: 2, i: 1 }] }),
      ],
      output: [value("y", ["batch", 2]), value("k", ["batch", 1], 7)],
    };
    const heard: string[] = [];
    const { profile, reason, idle } = await calibrate({
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
    expect(profile).to.include({ class: "tolerance", simulated: 10_000 });
    expect(reason).to.equal(null);
    // Six weights: one hundredth of them is one.
    expect(idle).to.deep.equal([]);
    expect(profile.power.map(({ cheat }) => cheat)).to.have.members([...BATTERY]);
    for (const { inputs, least, median, match, grey, mismatch, missed } of profile.power) {
      expect(inputs).to.equal(256);
      expect(median).to.be.at.least(least);
      expect(match.share + grey.share + mismatch.share).to.be.closeTo(1, 1e-5);
      for (const { share, low, high } of [match, grey, mismatch]) {
        expect(share).to.be.within(low, high);
        expect(high - low).to.be.within(0.01, 0.13);
      }
      for (const m of SAMPLE_COUNTS) {
        expect(missed.all[m].both).to.be.at.most(0.001);
        expect(missed.all[m].single).to.be.closeTo((1 - mismatch.share) ** Number(m), 1e-4);
        expect(missed.tenth[m].single).to.be.closeTo((1 - mismatch.share / 10) ** Number(m), 1e-4);
        expect(missed.tenth[m].both).to.be.at.most(missed.tenth[m].single + 0.03);
      }
    }
    expect(profile.panel!.honest).to.have.length(128);
    expect(profile.panel!.honest.at(-1)).to.be.at.most(1 / 8 + 1e-6);
    expect(profile.panel!.falseAlarms).to.deep.equal({ 12: 0, 24: 0, 48: 0 });
    expect(heard.at(-1)).to.match(/^pruned-1-percent (\d+)\/\1$/);
  });

  it("gives equal profiles for equal seeds", async () => {
    const [a, b] = [await run(buildModel(), sets(64)), await run(buildModel(), sets(64))];
    expect(a).to.deep.equal(b);
  });

  it("leaves out cheats that change nothing", async () => {
    // Small integers are exact in every format of the battery but int4; outputs of them, too.
    const graph = {
      ...honestGraph(),
      initializer: [floats("w", [3, 2], [127, 64, -32, 96, 8, 127]), floats("b", [2], [0, 0])],
    };
    const inputs = Array.from({ length: 256 }, (_, i) => [floatTensor("x", [1, 3], [i % 7, i % 5, i % 3])]);
    const { profile, idle } = await run(buildModel(graph), inputs);
    expect(idle).to.include.members(["fp16-output"]);
    expect(profile.power.map(({ cheat }) => cheat)).to.include.members(["int4-weights", "stale-answer"]);
    expect(profile.power.map(({ cheat }) => cheat)).not.to.include("fp16-weights");
  });

  /** Its honest runs differ as far as its cheap copies: rounding noise, a million times larger. */
  const chaotic = () =>
    buildModel({
      ...honestGraph(),
      node: [
        node("Gemm", ["x", "w"], ["g"]),
        node("Sin", ["g"], ["s"]),
        node("Mul", ["s", "million"], ["m"]),
        node("Floor", ["m"], ["f"]),
        node("Sub", ["m", "f"], ["d"]),
        node("Mul", ["d", "third"], ["y"]),
      ],
      initializer: [
        floats("w", [3, 2], [0.1, -0.7, 1.3, 0.25, -2.2, 0.6]),
        floats("million", [1], [1e6]),
        floats("third", [1], [1 / 3]),
      ],
    });

  it("makes a model class exact whose honest runs are too far apart to be told from cheap ones", async () => {
    const repeat = createRuntime({ kind: "native", timeoutMs: 60_000 });
    try {
      const request = { model: chaotic(), inputs: sets(64), seed: 3, reference, alternatives };
      const { profile, reason } = await calibrate({ ...request, repeat });
      expect(reason).to.match(/so far apart that its tolerance is .*, above 0.0001/);
      expect(profile).to.include({ class: "exact" });
      expect(profile).not.to.have.property("panel");
      expect(profile.pinned).to.deep.equal({ optimization: "all", isa: isaClass() });
      expect(profile.outputs.map(({ mode }) => mode)).to.deep.equal(["exact"]);
      expect(checkProfile(profile)).to.deep.equal(profile);
      const refused = await refusal(calibrate(request));
      expect(refused).to.include({ code: "INFERENCE_CALIBRATION_NO_POWER" });
      expect(refused.message).to.match(/no second process/);
      // A repetition that gives other bits, as another optimisation level does here.
      const other = await refusal(calibrate({ ...request, repeat: alternatives.wasm! }));
      expect(other.message).to.match(/a second process gives other bits/);
    } finally {
      await repeat.close();
    }
  });

  it("refuses a model whose answers say too little to tell a cheat by", async () => {
    const sign = buildModel({
      ...honestGraph(),
      node: [
        node("Gemm", ["x", "w"], ["g"]),
        node("ArgMax", ["g"], ["y"], { attribute: [{ name: "axis", type: 2, i: 1 }] }),
      ],
      output: [value("y", ["batch", 1], 7)],
    });
    const repeat = createRuntime({ kind: "native", timeoutMs: 60_000 });
    try {
      const request = { model: sign, inputs: sets(256), seed: 3, reference, alternatives, repeat };
      const { code, message } = await refusal(calibrate(request));
      expect(code).to.equal("INFERENCE_CALIBRATION_NO_POWER");
      expect(message).to.match(/; and bit for bit neither .* pruned-1-percent \(12 samples miss it with 0\.\d+\)/);
      expect(message).to.match(/such as logits/);
    } finally {
      await repeat.close();
    }
  });

  it("refuses to calibrate without WASM", async () => {
    const { disabled } = alternatives;
    const without = {
      model: buildModel(),
      inputs: sets(64),
      seed: 3,
      reference,
      alternatives: { disabled: disabled! },
    };
    expect(await codeOf(calibrate(without))).to.equal("INFERENCE_CALIBRATION_NO_WASM");
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
