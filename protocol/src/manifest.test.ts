import { expect } from "chai";
import fc from "fast-check";
import { keccak256, stringToBytes } from "viem";
import { canonicalJson } from "./canonical-json.ts";
import { checkManifest, domainProblem, inDomain, type ModelManifest, modelId, units } from "./manifest.ts";
import type { CheatPower } from "./power.ts";
import { checkProfile, profileHash, type ToleranceProfile } from "./profile.ts";
import { bytesTensor, floatTensor, int64Tensor } from "./tensor-values.ts";
import { exactOutput, floatOutput, manifest, panelOf, powerOf, profileOf } from "./testing/models.ts";
import { code } from "./testing/refusal.ts";

describe("canonical JSON", () => {
  it("sorts keys, leaves no spaces and is JSON", () => {
    expect(canonicalJson({ b: [1, -0, 1e-7, 1e21], a: { z: null, y: "é\n" } })).to.equal(
      '{"a":{"y":"é\\n","z":null},"b":[1,0,1e-7,1e+21]}',
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).to.equal(text);
        expect(JSON.parse(text)).to.deep.equal(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("refuses what JSON cannot hold", () => {
    const deep = JSON.parse(`${"[".repeat(40)}${"]".repeat(40)}`);
    for (const bad of [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      undefined,
      1n,
      new Date(0),
      { a: undefined },
      "\ud800",
      () => 1,
      deep,
    ]) {
      expect(code(() => canonicalJson(bad))).to.equal("PROTOCOL_NOT_CANONICAL");
    }
  });
});

describe("tolerance profile", () => {
  const good = profileOf([floatOutput("y"), exactOutput("k", { mode: "margin", logits: "y" })]);

  const exact: ToleranceProfile = {
    ...profileOf([exactOutput("y", { datatype: "FP32" })]),
    class: "exact",
    pinned: { optimization: "all", isa: "x86-64-v4-vnni" },
  };
  /** Missed by both tests with this probability, whatever the number of samples. */
  const often = (both: number): CheatPower["missed"] => {
    const missed = { single: 1, both };
    const all = { 12: missed, 24: missed, 48: missed };
    return { all, tenth: all };
  };

  it("takes every class with its parts", () => {
    expect(checkProfile(exact)).to.deep.equal(exact);
    const discrete = profileOf([exactOutput("k")]);
    expect(discrete).not.to.have.property("panel");
    expect(checkProfile(discrete)).to.deep.equal(discrete);
    const mild = { ...good, power: [powerOf("fp16-output", { missed: often(0.001) })] };
    expect(checkProfile(mild)).to.deep.equal(mild);
  });

  it("hashes its canonical JSON, whatever the order of its fields", () => {
    expect(profileHash(good)).to.equal(keccak256(stringToBytes(canonicalJson(good))));
    const shuffled = Object.fromEntries(Object.entries(good).reverse()) as ToleranceProfile;
    expect(profileHash(shuffled)).to.equal(profileHash(good));
    expect(profileHash(profileOf([floatOutput("y", { tauMax: 2e-5 })]))).to.not.equal(
      profileHash(profileOf([floatOutput("y")])),
    );
    expect(checkProfile(JSON.parse(canonicalJson(good)))).to.deep.equal(good);
  });

  it("refuses what would judge wrongly", () => {
    const bad: [string, unknown][] = [
      ["null", null],
      ["list", []],
      ["unknown field", { ...good, extra: 1 }],
      ["missing field", (({ seed, ...rest }) => rest)(good)],
      ["version", { ...good, v: 2 }],
      ["few inputs", { ...good, C: 63 }],
      ["hash in capitals", { ...good, modelHash: `0x${"A".repeat(64)}` }],
      ["no outputs", { ...good, outputs: [] }],
      ["NaN", profileOf([floatOutput("y", { tauMax: Number.NaN })])],
      ["wide tau", profileOf([floatOutput("y", { tauMax: 1.01e-4 })])],
      ["zero tau", profileOf([floatOutput("y", { tauL2: 0 })])],
      ["negative floor", profileOf([floatOutput("y", { floorScale: -1 })])],
      ["float mode for integers", profileOf([floatOutput("y", { datatype: "INT64" })])],
      ["tau in exact mode", profileOf([exactOutput("y", { tauMax: 1e-6 })])],
      ["two of one name", profileOf([floatOutput("y"), exactOutput("y")])],
      ["unknown datatype", profileOf([floatOutput("y", { datatype: "BF16" as "FP32" })])],
      ["margin without scores", profileOf([exactOutput("k", { mode: "margin" })])],
      ["margin on itself", profileOf([exactOutput("k", { mode: "margin", logits: "k" })])],
      [
        "margin of floats",
        profileOf([floatOutput("y"), exactOutput("k", { mode: "margin", logits: "y", datatype: "FP32" })]),
      ],
      ["scores in exact mode", profileOf([floatOutput("y"), exactOutput("k", { logits: "y" })])],
      ["no battery", { ...good, power: [] }],
      ["a cheat twice", { ...good, power: [powerOf("fp16-weights"), powerOf("fp16-weights")] }],
      ["a cheat that nobody knows", { ...good, power: [powerOf("magic" as "fp16-weights")] }],
      ["a cheat that is not seen", { ...good, power: [powerOf("fp16-output", { missed: often(0.0011) })] }],
      ["an impossible probability", { ...good, power: [powerOf("fp16-output", { missed: often(-0.1) })] }],
      [
        "a share beyond its limits",
        { ...good, power: [powerOf("fp16-output", { grey: { share: 0.5, low: 0.6, high: 1 } })] },
      ],
      ["a class unknown", { ...good, class: "loose" }],
      ["tolerance with a pin", { ...good, pinned: { optimization: "all", isa: "x86-64-v4" } }],
      ["exact without a pin", { ...exact, pinned: undefined }],
      ["exact with a tolerance", { ...exact, outputs: [floatOutput("y")] }],
      ["exact with a panel", { ...exact, panel: panelOf() }],
      ["floats without a panel", (({ panel, ...rest }) => rest)(good)],
      ["no honest deviations", { ...good, panel: panelOf({ honest: [] }) }],
      ["honest deviations out of order", { ...good, panel: panelOf({ honest: [0.1, 0.05] }) }],
      ["a panel that shrinks", { ...good, panel: panelOf({ stretch: 0.5 }) }],
      ["a panel that always fails", { ...good, panel: panelOf({ alpha: 0.5 }) }],
    ];
    for (const [why, profile] of bad)
      expect(
        code(() => checkProfile(profile)),
        why,
      ).to.equal("PROTOCOL_BAD_PROFILE");
    expect(code(() => profileHash({ ...good, S: 0 }))).to.equal("PROTOCOL_BAD_PROFILE");
  });
});

describe("model manifest", () => {
  const window = (rows: number, value = 1) => floatTensor("window", [rows, 2], Array(2 * rows).fill(value));
  const day = (rows: number, value = 3) => int64Tensor("day", [rows], Array(rows).fill(value));

  it("is identified by its canonical JSON", () => {
    expect(modelId(manifest())).to.equal(keccak256(stringToBytes(canonicalJson(manifest()))));
    expect(modelId(manifest({ name: "other" }))).to.not.equal(modelId(manifest()));
    expect(checkManifest(JSON.parse(canonicalJson(manifest())))).to.deep.equal(manifest());
  });

  it("counts the rows of the batch axis", () => {
    expect(units(manifest(), [window(1), day(1)])).to.equal(1);
    expect(units(manifest(), [day(7), window(7)])).to.equal(7);
    const single = manifest({
      batchAxis: null,
      inputs: [{ name: "day", datatype: "INT64", shape: [4], min: 0, max: 6 }],
    });
    expect(units(single, [day(4)])).to.equal(1);
    const bad = [
      [window(2), day(3)],
      [window(2)],
      [window(0), day(0)],
      [window(1), int64Tensor("week", [1], [1])],
      [day(1), day(1)],
    ];
    for (const inputs of bad) expect(code(() => units(manifest(), inputs))).to.equal("PROTOCOL_BAD_INPUTS");
    expect(code(() => units(single, [day(5)]))).to.equal("PROTOCOL_BAD_INPUTS");
    expect(code(() => units(single, [floatTensor("day", [4], [1, 1, 1, 1])]))).to.equal("PROTOCOL_BAD_INPUTS");
    expect(code(() => units(single, [{ ...day(4), data: new Uint8Array(3) }]))).to.equal("PROTOCOL_BAD_INPUTS");
  });

  it("keeps to the values that the model was calibrated for", () => {
    expect(inDomain(manifest(), [window(2, 1.5), day(2, 6)])).to.equal(true);
    expect(inDomain(manifest(), [window(2, -1.5), day(2, 0)])).to.equal(true);
    expect(domainProblem(manifest(), [window(2, 1.6), day(2)])).to.match(/element 0 of window/);
    expect(inDomain(manifest(), [window(1, Number.NaN), day(1)])).to.equal(false);
    expect(inDomain(manifest(), [window(1, Number.POSITIVE_INFINITY), day(1)])).to.equal(false);
    expect(inDomain(manifest(), [window(1), day(1, 7)])).to.equal(false);
    expect(inDomain(manifest(), [window(1), day(2)])).to.equal(false);
    expect(inDomain(manifest(), [])).to.equal(false);
    const text = manifest({ inputs: [{ name: "s", datatype: "BYTES", shape: [-1], min: null, max: null }] });
    expect(inDomain(text, [bytesTensor("s", [1], ["anything"])])).to.equal(true);
  });

  it("refuses what is malformed", () => {
    const input = { name: "x", datatype: "FP32" as const, shape: [-1], min: 0, max: 1 };
    const bad: [string, unknown][] = [
      ["text", "manifest"],
      ["unknown field", { ...manifest(), price: 1 }],
      ["version", { ...manifest(), v: "1" }],
      ["name with a slash", manifest({ name: "a/b" })],
      ["name as a path", manifest({ name: ".." })],
      ["hash", manifest({ onnxSha256: "0x12" })],
      ["CID", manifest({ onnxCid: "not a cid" })],
      ["no inputs", manifest({ inputs: [] })],
      ["dimension 0", manifest({ inputs: [{ ...input, shape: [-1, 0] }] })],
      ["free dimension", manifest({ inputs: [{ ...input, shape: [-1, -1] }] })],
      ["batch without axis", manifest({ batchAxis: null, inputs: [input] })],
      ["axis without batch", manifest({ inputs: [{ ...input, shape: [2] }] })],
      ["rank 9", manifest({ inputs: [{ ...input, shape: [-1, 1, 1, 1, 1, 1, 1, 1, 1] }] })],
      ["no bounds", manifest({ inputs: [{ ...input, min: null }] })],
      ["crossed bounds", manifest({ inputs: [{ ...input, min: 2 }] })],
      ["infinite bound", manifest({ inputs: [{ ...input, max: Number.POSITIVE_INFINITY }] })],
      ["bounds of text", manifest({ inputs: [{ ...input, datatype: "BYTES" }] })],
      ["two of one name", manifest({ inputs: [input, input] })],
      ["runtime", manifest({ runtime: "onnxruntime" })],
      ["batch axis 1", { ...manifest(), batchAxis: 1 }],
      ["maxOpenBytes", manifest({ maxOpenBytes: 24_577 })],
    ];
    for (const [why, m] of bad) {
      expect(
        code(() => checkManifest(m)),
        why,
      ).to.equal("PROTOCOL_BAD_MANIFEST");
      expect(
        code(() => modelId(m as ModelManifest)),
        why,
      ).to.equal("PROTOCOL_BAD_MANIFEST");
    }
  });
});
