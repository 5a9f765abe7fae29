import { fileURLToPath } from "node:url";
import { floatTensor, inDomain, type OutputTolerance, type Tensor, toFloats, toIntegers } from "@surety/protocol";
import { expect } from "chai";
import { loadInputs } from "../../../models/inputs.ts";
import { readModel, type StoredModel } from "../model-store.ts";
import { createRuntime, type Runtime } from "../runtime.ts";
import { drawInputs } from "./draw.ts";
import { isaClass } from "./isa.ts";
import { seededRandom } from "./random.ts";
import { reproduceLimits } from "./reproduce.ts";

describe("inputs drawn from a domain", () => {
  it("are one row inside it, of every numeric datatype", () => {
    const inputs = [
      { name: "x", datatype: "FP32" as const, shape: [-1, 3], min: -2, max: 5 },
      { name: "h", datatype: "FP16" as const, shape: [2], min: 0, max: 1 },
      { name: "k", datatype: "INT64" as const, shape: [2, 2], min: -3, max: 3 },
      { name: "b", datatype: "BOOL" as const, shape: [4], min: 0, max: 1 },
    ];
    const random = seededRandom(1);
    const manifest = { inputs, outputs: [], batchAxis: 0 } as unknown as StoredModel["manifest"];
    const seen = new Set<bigint>();
    for (let i = 0; i < 100; i++) {
      const drawn = drawInputs(manifest, random)!;
      expect(drawn.map(({ shape }) => shape)).to.deep.equal([[1, 3], [2], [2, 2], [4]]);
      expect(inDomain(manifest, drawn)).to.equal(true);
      for (const k of toIntegers(drawn[2]!)) seen.add(k);
    }
    expect(seen.size).to.equal(7);
    expect(toFloats(drawInputs(manifest, random)![0]!)).to.not.deep.equal(toFloats(drawInputs(manifest, random)![0]!));
  });

  it("are none for texts", () => {
    const inputs = [{ name: "s", datatype: "BYTES" as const, shape: [1], min: null, max: null }];
    expect(drawInputs({ inputs }, seededRandom(1))).to.equal(undefined);
  });
});

describe("reproducing a calibration", function () {
  this.timeout(120_000);
  let native: Runtime;
  let wasm: Runtime;
  let stored: StoredModel;
  let draw: () => Tensor[];
  before(async () => {
    native = createRuntime({ kind: "native", timeoutMs: 60_000 });
    wasm = createRuntime({ kind: "wasm", timeoutMs: 60_000 });
    stored = await readModel(fileURLToPath(new URL("../../../models/digits-cnn", import.meta.url)));
    for (const runtime of [native, wasm]) await runtime.load(stored.id, stored.model);
    const real = loadInputs("digits-cnn");
    const random = seededRandom(3);
    draw = () => real.at(Math.floor(random() * real.count));
  });
  after(() => Promise.all([native.close(), wasm.close()]));

  const tried = (over: Partial<StoredModel["profile"]>, from: () => Tensor[] | undefined = draw) =>
    reproduceLimits({ model: { id: stored.id, profile: { ...stored.profile, ...over } }, native, wasm, draw: from });
  const limits = (over: Partial<OutputTolerance>) => ({
    outputs: stored.profile.outputs.map((o) => ({ ...o, ...over })),
  });

  it("accepts the shipped limits, on real inputs and on drawn ones", async () => {
    expect(await tried({})).to.equal(null);
    const random = seededRandom(4);
    expect(await tried({}, () => drawInputs(stored.manifest, random))).to.equal(null);
  });

  it("says which limit honest runs do not bear out", async () => {
    const [{ tauMax, tauL2, floorScale }] = stored.profile.outputs as [OutputTolerance];
    expect(await tried(limits({ tauMax: 6 * tauMax }))).to.match(/"logits" has tauMax .* after 2048 inputs/);
    expect(await tried(limits({ tauL2: 6 * tauL2 }))).to.match(/tauL2/);
    expect(await tried(limits({ floorScale: 3 * floorScale }))).to.match(/floorScale/);
    expect(await tried(limits({ tauMax: tauMax / 6, tauL2: tauL2 / 6 }))).to.equal(null);
  });

  it("tries nothing without inputs", async () => {
    expect(await tried({}, () => undefined)).to.equal("there are no inputs to try it with");
  });

  it("holds a class-exact model to its runtime and instruction set", async () => {
    const exact = (isa: string, ortVersion = "1.30.0") =>
      tried({ class: "exact", ortVersion, pinned: { optimization: "all", isa } }, () => [floatTensor("x", [1], [1])]);
    expect(await exact(isaClass())).to.equal(null);
    expect(await exact("arm64-sve")).to.equal(`it is pinned to arm64-sve; this machine is ${isaClass()}`);
    expect(await exact(isaClass(), "1.29.0")).to.match(/pinned to ONNX Runtime 1.29.0; here is 1.30.0/);
  });
});
