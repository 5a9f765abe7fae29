import { expect } from "chai";
import fc from "fast-check";
import { type ComparisonInput, compare, deviation } from "./comparison.ts";
import type { ToleranceProfile } from "./profile.ts";
import type { Tensor } from "./tensor.ts";
import { bytesTensor, floatTensor, int64Tensor } from "./tensor-values.ts";
import { exactOutput, floatOutput, profileOf } from "./testing/models.ts";
import { code } from "./testing/refusal.ts";

const y = (...values: number[]): Tensor => floatTensor("y", [values.length], values, "FP64");
const profile = profileOf([floatOutput("y", { datatype: "FP64" })]);
const NATIVE = [2, -1, 0.5];
/** The reference moved by `tau` times the limit of the largest difference, on the element that sets the scale. */
const moved = (tau: number): Tensor => y(2 + tau * 2e-5, -1, 0.5);
const verdict = (over: Partial<ComparisonInput>): string =>
  compare({ claim: [y(...NATIVE)], native: [y(...NATIVE)], wasm: [y(...NATIVE)], profile, inDomain: true, ...over })
    .verdict;

describe("deviation", () => {
  it("is the largest difference over the scale, and the norm of it, in units of tau", () => {
    const [d] = deviation([y(2, -1 + 3e-5, 0.5)], [y(...NATIVE)], profile);
    expect(d!.dev).to.be.closeTo(3e-5 / 2 / 1e-5, 1e-6);
    const loose = profileOf([floatOutput("y", { datatype: "FP64", tauMax: 1e-4 })]);
    const l2 = Math.hypot(1e-5, 2e-5, 2e-5) / Math.hypot(...NATIVE) / 1e-5;
    expect(deviation([y(2 + 1e-5, -1 + 2e-5, 0.5 - 2e-5)], [y(...NATIVE)], loose)[0]!.dev).to.be.closeTo(l2, 1e-6);
  });

  it("divides small outputs by the floors of calibration", () => {
    const small = deviation([y(2e-6)], [y(1e-6)], profile)[0]!.dev;
    expect(small).to.be.closeTo(1e-6 / 1 / 1e-5, 1e-9);
    const none = profileOf([floatOutput("y", { datatype: "FP64", floorScale: 0, floorL2: 0 })]);
    expect(deviation([y(0)], [y(-0)], none)[0]!.dev).to.equal(0);
    expect(deviation([y(1e-300)], [y(0)], none)[0]!.dev).to.equal(Number.POSITIVE_INFINITY);
  });

  it("does not overflow on the largest doubles", () => {
    expect(deviation([y(1e308, 1e308)], [y(1e308, 1e308)], profile)[0]!.dev).to.equal(0);
    expect(deviation([y(-1.7e308)], [y(1.7e308)], profile)[0]!.dev).to.equal(Number.POSITIVE_INFINITY);
    expect(deviation([y(1e200)], [y(1)], profile)[0]!.dev).to.be.greaterThan(4);
  });

  it("is zero only for what is equal, and grows with the difference", () => {
    const value = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 1e-6, max: 10, noNaN: true }),
        (vs, d) => {
          const off = (by: number) => deviation([y(vs[0]! + by, ...vs.slice(1))], [y(...vs)], profile)[0]!.dev;
          expect(off(0)).to.equal(0);
          expect(off(2 * d)).to.be.greaterThan(off(d));
        },
      ),
    );
  });

  it("refuses references that do not fit the profile", () => {
    expect(code(() => deviation([y(1)], [], profile))).to.equal("PROTOCOL_BAD_REFERENCE");
    expect(code(() => deviation([y(1)], [floatTensor("y", [1], [1])], profile))).to.equal("PROTOCOL_BAD_REFERENCE");
    expect(code(() => deviation([y(1)], [{ ...y(1), data: new Uint8Array(7) }], profile))).to.equal(
      "PROTOCOL_BAD_REFERENCE",
    );
    expect(code(() => verdict({ native: [] }))).to.equal("PROTOCOL_BAD_REFERENCE");
    expect(code(() => verdict({ wasm: [] }))).to.equal("PROTOCOL_BAD_REFERENCE");
  });
});

describe("comparison", () => {
  it("matches within tau of native or of WASM", () => {
    expect(verdict({ claim: [moved(0.99)] })).to.equal("match");
    expect(verdict({ claim: [moved(1.5)], wasm: [moved(0.9)] })).to.equal("match");
    expect(verdict({ claim: [moved(1.01)] })).to.equal("grey");
  });

  it("calls a mismatch beyond four tau of both, while both agree", () => {
    expect(verdict({ claim: [moved(3.99)] })).to.equal("grey");
    expect(verdict({ claim: [moved(4.01)] })).to.equal("mismatch");
    expect(verdict({ claim: [moved(4.5)], wasm: [moved(0.9)] })).to.equal("grey");
    expect(verdict({ claim: [moved(9)], wasm: [moved(0.9)] })).to.equal("mismatch");
    expect(verdict({ claim: [moved(9)], wasm: [moved(1.1)] })).to.equal("grey");
  });

  it("needs every output within one runtime's tau to match", () => {
    const two = profileOf([floatOutput("a", { datatype: "FP64" }), floatOutput("b", { datatype: "FP64" })]);
    const pair = (a: number, b: number) => [floatTensor("a", [1], [a], "FP64"), floatTensor("b", [1], [b], "FP64")];
    const judged = (claim: Tensor[], wasm: Tensor[]) =>
      compare({ claim, native: pair(1, 1), wasm, profile: two, inDomain: true }).verdict;
    // Near native on one output, near WASM on the other: near neither.
    expect(judged(pair(1, 1 + 1.6e-5), pair(1 + 1.6e-5, 1 + 0.8e-5))).to.equal("grey");
    expect(judged(pair(1, 1.001), pair(1, 1))).to.equal("mismatch");
    expect(judged([...pair(1, 1)].reverse(), pair(1, 1))).to.equal("match");
  });

  it("is never a fault outside the domain", () => {
    expect(verdict({ claim: [y(9, 9, 9)], inDomain: false })).to.equal("grey");
    expect(verdict({ inDomain: false })).to.equal("grey");
  });

  it("calls what is wrong in kind a mismatch, even where the runtimes disagree", () => {
    const wrong: Tensor[][] = [
      [],
      [floatTensor("z", [3], NATIVE, "FP64")],
      [y(...NATIVE), y(...NATIVE)],
      [y(...NATIVE), int64Tensor("extra", [1], [1])],
      [y(2, -1)],
      [floatTensor("y", [3, 1], NATIVE, "FP64")],
      [floatTensor("y", [3], NATIVE)],
      [{ ...y(...NATIVE), data: new Uint8Array(5) }],
      [y(2, Number.NaN, 0.5)],
      [y(2, Number.POSITIVE_INFINITY, 0.5)],
      [null as unknown as Tensor],
    ];
    for (const claim of wrong) {
      expect(verdict({ claim })).to.equal("mismatch");
      expect(verdict({ claim, wasm: [moved(50)] })).to.equal("mismatch");
    }
  });

  it("wants NaN and infinities where the reference has them", () => {
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, 1];
    const judged = (...claim: number[]) => verdict({ claim: [y(...claim)], native: [y(...odd)], wasm: [y(...odd)] });
    expect(judged(...odd)).to.equal("match");
    expect(judged(0, Number.POSITIVE_INFINITY, 1)).to.equal("mismatch");
    expect(judged(Number.NaN, Number.NEGATIVE_INFINITY, 1)).to.equal("mismatch");
    expect(judged(Number.NaN, Number.POSITIVE_INFINITY, 1.001)).to.equal("mismatch");
    // Wrong against native alone is grey: the runtimes disagree on where NaN stands.
    expect(verdict({ claim: [y(1, 2)], native: [y(Number.NaN, 2)], wasm: [y(1.001, 2)] })).to.equal("grey");
  });

  it("compares integers, texts and exact floats value for value", () => {
    const exact = profileOf([
      exactOutput("k"),
      exactOutput("s", { datatype: "BYTES" }),
      exactOutput("f", { datatype: "FP32" }),
    ]);
    const outputs = (k: number, s: string, f: number) => [
      int64Tensor("k", [1], [k]),
      bytesTensor("s", [1], [s]),
      floatTensor("f", [1], [f]),
    ];
    const own = outputs(4, "up", 0);
    const judged = (claim: Tensor[], wasm = own) =>
      compare({ claim, native: own, wasm, profile: exact, inDomain: true }).verdict;
    expect(judged(outputs(4, "up", -0))).to.equal("match");
    expect(judged(outputs(5, "up", 0))).to.equal("mismatch");
    expect(judged(outputs(4, "no", 0))).to.equal("mismatch");
    expect(judged(outputs(4, "up", 1e-30))).to.equal("mismatch");
    expect(judged(outputs(5, "up", 0), outputs(5, "up", 0))).to.equal("match");
    expect(judged(outputs(6, "up", 0), outputs(5, "up", 0))).to.equal("grey");
  });

  it("accepts the arg-max that rounding may choose, no other", () => {
    const linked = profileOf([floatOutput("y"), exactOutput("k", { mode: "margin", logits: "y" })]);
    const scores = [1, 1 - 1e-5, 0.5, 0.1, 0.2, 0.3];
    const run = (...k: number[]) => [floatTensor("y", [2, 3], scores), int64Tensor("k", [2], k)];
    const judged = (claim: Tensor[], wasm = run(0, 2)) =>
      compare({ claim, native: run(0, 2), wasm, profile: linked, inDomain: true });
    expect(judged(run(0, 2)).verdict).to.equal("match");
    expect(judged(run(1, 2)).verdict).to.equal("match");
    expect(judged(run(1, 2)).outputs[1]!.native).to.be.closeTo(0.5, 0.01);
    expect(judged(run(2, 2)).verdict).to.equal("mismatch");
    expect(judged(run(0, 1)).verdict).to.equal("mismatch");
    expect(judged(run(0, 3)).verdict).to.equal("mismatch");
    expect(judged(run(0, -1)).verdict).to.equal("mismatch");
    // A runtime that itself picks the near tie still agrees.
    expect(judged(run(2, 2), run(1, 2)).verdict).to.equal("mismatch");
  });

  it("takes NaN scores for no scores: then the index must be one's own", () => {
    const linked = profileOf([floatOutput("y"), exactOutput("k", { mode: "margin", logits: "y" })]);
    const run = (k: number) => [floatTensor("y", [1, 2], [Number.NaN, 1]), int64Tensor("k", [1], [k])];
    const judged = (k: number) =>
      compare({ claim: run(k), native: run(0), wasm: run(0), profile: linked, inDomain: true });
    expect([judged(0).verdict, judged(1).verdict]).to.deep.equal(["match", "mismatch"]);
  });

  it("holds for scores as wide as a vocabulary", () => {
    const linked = profileOf([floatOutput("y"), exactOutput("k", { mode: "margin", logits: "y" })]);
    const wide = Float32Array.from({ length: 200_000 }, (_, i) => -i);
    const run = (k: number) => [floatTensor("y", [1, 200_000], wide), int64Tensor("k", [1], [k])];
    expect(compare({ claim: run(9), native: run(0), wasm: run(0), profile: linked, inDomain: true }).verdict).to.equal(
      "mismatch",
    );
  });

  it("says the numbers and the reason", () => {
    const got = compare({ claim: [moved(2)], native: [y(...NATIVE)], wasm: [moved(0.5)], profile, inDomain: true });
    expect(got.verdict).to.equal("grey");
    expect(got.reason).to.match(/outside tau/);
    expect(got.outputs[0]).to.deep.include({ name: "y", rule: "float", wrong: null });
    expect(got.outputs[0]!.native).to.be.closeTo(2, 1e-6);
    expect(got.outputs[0]!.wasm).to.be.closeTo(1.5, 1e-4);
  });

  it("never calls an honest run of either runtime a mismatch, nor of both", () => {
    const noise = fc.double({ min: -0.9, max: 0.9, noNaN: true });
    fc.assert(
      fc.property(noise, noise, fc.boolean(), (a, b, isNative) => {
        const runs = { native: [moved(a)], wasm: [moved(b)] };
        expect(verdict({ ...runs, claim: isNative ? runs.native : runs.wasm })).to.equal("match");
      }),
    );
  });
});

describe("comparison in class exact", () => {
  const profile: ToleranceProfile = {
    ...profileOf([exactOutput("y", { datatype: "FP32" })]),
    class: "exact",
    pinned: { optimization: "all", isa: "x86-64-v4" },
  };
  const out = (...values: number[]) => [floatTensor("y", [values.length], values)];
  const against = (claim: Tensor[], over: Partial<ComparisonInput> = {}) =>
    compare({ claim, native: out(1, 0), wasm: out(1.5, 0), profile, inDomain: true, ...over });

  it("takes the native run's bits and no others, whatever WASM gives", () => {
    expect(against(out(1, 0))).to.include({ verdict: "match", reason: "equal to native bit for bit" });
    expect(against(out(1.5, 0)).verdict).to.equal("mismatch");
    expect(against(out(1 + 2 ** -23, 0)).verdict).to.equal("mismatch");
    expect(against(out(1, -0)).verdict).to.equal("mismatch");
  });

  it("calls another shape, another number of outputs and another name mismatches", () => {
    expect(against(out(1)).verdict).to.equal("mismatch");
    expect(against([]).verdict).to.equal("mismatch");
    expect(against([...out(1, 0), { ...out(1)[0]!, name: "z" }]).verdict).to.equal("mismatch");
  });

  it("says nothing outside the domain", () => {
    expect(against(out(2, 0), { inDomain: false })).to.include({ verdict: "grey", judged: false });
  });
});
