import { expect } from "chai";
import fc from "fast-check";
import { distance, type Span, spanOf } from "./distance.ts";
import type { OutputTolerance } from "./profile.ts";
import { floatOutput } from "./testing/models.ts";

const finite = Number.isFinite;
const over = (x: number, of: number) => (x === 0 ? 0 : x / of);

/** The rule word for word, one pass for each of its quantities: every double on the way must come out the same. */
function byTheRule(claim: number[], own: number[], o: OutputTolerance): Span & { dev?: number } {
  const broken = claim.findIndex((c, i) => !(finite(c) && finite(own[i]!)) && !Object.is(c, own[i]));
  if (broken >= 0) return { broken, most: 0, furthest: 0 };
  const pairs = claim.flatMap((c, i): [number, number][] => (finite(c) ? [[c, own[i]!]] : []));
  const most = Math.max(0, ...pairs.map(([, r]) => Math.abs(r)));
  const furthest = Math.max(0, ...pairs.map(([c, r]) => Math.abs(c - r)));
  const squares = pairs.reduce((sum, [, r]) => sum + over(r, most) * over(r, most), 0);
  const differences = pairs.reduce((sum, [c, r]) => sum + over(c - r, furthest) * over(c - r, furthest), 0);
  const norm = furthest === Number.POSITIVE_INFINITY ? furthest : furthest * Math.sqrt(differences);
  const byMax = over(furthest, Math.max(most, o.floorScale));
  const byNorm = over(norm, Math.max(most * Math.sqrt(squares), o.floorL2));
  return { broken, most, furthest, dev: Math.max(over(byMax, o.tauMax), over(byNorm, o.tauL2)) };
}

/** Numbers at every edge of doubles, and those between. */
const number = fc.oneof(
  fc.double(),
  fc.double({ min: -2, max: 2, noNaN: true }),
  fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 1.7e308, -1.7e308),
);
/** A reference with a claim that mostly is it, or near it. */
const pair = number.chain((own) =>
  fc.oneof(
    fc.constant([own, own] as const),
    fc.double({ min: -1e-5, max: 1e-5, noNaN: true }).map((d) => [own * (1 + d), own] as const),
    fc
      .oneof({ weight: 9, arbitrary: fc.constant(own) }, { weight: 1, arbitrary: number })
      .map((c) => [c, own] as const),
  ),
);

describe("distance", () => {
  it("is what the rule says, to the bit, in single and in double precision", () => {
    const judged = { broken: 0, whole: 0 };
    const tolerances = [floatOutput("y"), floatOutput("y", { floorScale: 0, floorL2: 0 })];
    fc.assert(
      fc.property(
        fc.array(pair, { maxLength: 12 }),
        fc.constantFrom(Float32Array, Float64Array),
        fc.constantFrom(...tolerances),
        (pairs, Elements, o) => {
          const claim = new Elements(pairs.map(([c]) => c));
          const own = new Elements(pairs.map(([, r]) => r));
          const want = byTheRule([...claim], [...own], o);
          const span = spanOf(claim, own);
          expect(span.broken).to.equal(want.broken);
          judged[span.broken < 0 ? "whole" : "broken"] += 1;
          if (span.broken >= 0) return;
          expect([span.most, span.furthest]).to.deep.equal([want.most, want.furthest]);
          expect(Object.is(distance(claim, own, span, o), want.dev)).to.equal(true);
        },
      ),
      { numRuns: 5000 },
    );
    // Both kinds were drawn often.
    expect(Math.min(judged.broken, judged.whole)).to.be.above(100);
  });
});
