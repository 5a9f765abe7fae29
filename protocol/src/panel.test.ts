import { expect } from "chai";
import fc from "fast-check";
import { type ComparisonInput, compare } from "./comparison.ts";
import { panelDeviation, panelTest } from "./panel.ts";
import type { Tensor } from "./tensor.ts";
import { floatTensor, int64Tensor } from "./tensor-values.ts";
import { exactOutput, floatOutput, panelOf, profileOf } from "./testing/models.ts";
import { code } from "./testing/refusal.ts";

const calibration = panelOf();
const { honest } = calibration;
const verdict = (deviations: number[], over = {}) => panelTest(deviations, panelOf(over)).verdict;
/** Deviations beyond all honest ones, though each alone is within tau. */
const mild = (n: number) => Array<number>(n).fill(0.9);

describe("panel test", () => {
  it("fails answers that are plausible alone and not together", () => {
    expect(verdict(mild(12))).to.equal("fail");
    expect(verdict(mild(8))).to.equal("fail");
    expect(verdict(Array(12).fill(0))).to.equal("pass");
    expect(panelTest(Array(12).fill(0), calibration).p).to.equal(1);
  });

  it("judges no fewer samples than its least", () => {
    expect(verdict(mild(7))).to.equal("not-judged");
    expect(panelTest([], calibration)).to.deep.equal({ verdict: "not-judged", n: 0, p: 1 });
  });

  it("is not failed by one outlier, however far, nor by two", () => {
    for (const outliers of [1, 2]) {
      const deviations = [...Array(outliers).fill(Number.POSITIVE_INFINITY), ...Array(8 - outliers).fill(0)];
      expect(verdict(deviations)).to.equal("pass");
    }
  });

  it("gives hardware that deviates as far as the stretch a pass", () => {
    // Every sample at the honest median, twice as far away.
    expect(verdict(Array(48).fill(2 * honest[honest.length >> 1]!))).to.equal("pass");
  });

  it("computes the tail of the Gamma distribution", () => {
    // Two samples at the least p value: T = 2 ln 129, and P(Gamma(2, 1) >= T) = (1 + T) / 129^2.
    const { p } = panelTest(mild(2), calibration);
    expect(p).to.be.closeTo((1 + 2 * Math.log(129)) / 129 ** 2, 1e-15);
    expect(panelTest(mild(1), calibration).p).to.be.closeTo(1 / 129, 1e-15);
  });

  it("never passes what deviates more where it failed what deviates less", () => {
    const deviations = fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: 1, maxLength: 48 });
    fc.assert(
      fc.property(deviations, fc.nat(47), fc.double({ min: 0, max: 2, noNaN: true }), (all, at, more) => {
        const worse = all.map((d, i) => (i === at % all.length ? d + more : d));
        expect(panelTest(worse, calibration).p).to.be.at.most(panelTest(all, calibration).p);
      }),
    );
  });

  it("fails honest draws no more often than alpha says", () => {
    const draw = fc.array(fc.nat(honest.length - 1), { minLength: 12, maxLength: 48, size: "max" });
    // Without stretch the p values are uniform, so the rate is that of the test itself.
    const loose = panelOf({ stretch: 1, alpha: 0.01 });
    let failed = 0;
    let runs = 0;
    fc.assert(
      fc.property(draw, (picks) => {
        runs++;
        if (
          panelTest(
            picks.map((i) => honest[i]!),
            loose,
          ).verdict === "fail"
        )
          failed++;
      }),
      { numRuns: 4_000, seed: 0x5eed },
    );
    // 1 % of 4,000 is 40; six standard deviations more is 78. fast-check likes extremes, which are honest here.
    expect(failed / runs).to.be.at.most(0.0195);
  });

  it("refuses what is no deviation", () => {
    for (const d of [-1, Number.NaN]) expect(code(() => panelTest([d], calibration))).to.equal("PROTOCOL_BAD_PANEL");
  });
});

describe("deviation for the panel", () => {
  const outputs = [floatOutput("a"), floatOutput("b", { tauMax: 1e-4, tauL2: 1e-4 }), exactOutput("k")];
  const profile = profileOf(outputs);
  const run = (a: number, b: number, k = 1): Tensor[] => [
    floatTensor("a", [1], [1 + a]),
    floatTensor("b", [1], [1 + b]),
    int64Tensor("k", [1], [k]),
  ];
  const of = (over: Partial<ComparisonInput>) =>
    panelDeviation(compare({ claim: run(0, 0), native: run(0, 0), wasm: run(0, 0), profile, inDomain: true, ...over }));

  it("is the largest over float outputs, against the nearer of both runtimes", () => {
    expect(of({})).to.equal(0);
    expect(of({ claim: run(2e-6, 5e-5) })).to.be.closeTo(0.5, 1e-3);
    expect(of({ claim: run(6e-6, 0), wasm: run(4e-6, 0) })).to.be.closeTo(0.2, 0.02);
  });

  it("does not look at exact outputs", () => {
    expect(of({ claim: run(0, 0, 2) })).to.equal(0);
  });

  it("says nothing outside the domain, where references disagree, of what is wrong in kind, and without floats", () => {
    expect(of({ inDomain: false })).to.equal(undefined);
    expect(of({ wasm: run(2e-5, 0) })).to.equal(undefined);
    expect(of({ claim: run(Number.NaN, 0) })).to.equal(undefined);
    expect(of({ claim: run(0, 0).slice(1) })).to.equal(undefined);
    const [, , k] = run(0, 0) as [Tensor, Tensor, Tensor];
    const discrete = profileOf([exactOutput("k")]);
    expect(of({ claim: [k], native: [k], wasm: [k], profile: discrete })).to.equal(undefined);
  });
});
