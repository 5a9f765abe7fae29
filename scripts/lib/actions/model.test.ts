import { expect } from "chai";
import fc from "fast-check";
import { toWad } from "./model.ts";

describe("tolerances on chain", () => {
  it("is the decimal of the profile in wad, rounded down", () => {
    expect(toWad(0)).to.equal(0n);
    expect(toWad(1e-4)).to.equal(100_000_000_000_000n);
    expect(toWad(0.0000590747)).to.equal(59_074_700_000_000n);
    expect(toWad(3.5715e-6)).to.equal(3_571_500_000_000n);
    expect(toWad(1.5e-18)).to.equal(1n);
    expect(toWad(9e-19)).to.equal(0n);
    expect(toWad(2)).to.equal(2n * 10n ** 18n);
    expect(toWad(1e21)).to.equal(10n ** 39n);
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => toWad(value)).to.throw(RangeError);
  });

  it("never rounds up, and loses less than one wad", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 17n }), fc.integer({ min: -30, max: 5 }), (digits, exponent) => {
        const value = Number(`${digits}e${exponent}`);
        // The decimal that JavaScript shows is what the canonical JSON holds.
        const [mantissa = "", shift = "0"] = value.toExponential().split("e");
        const [whole = "", part = ""] = mantissa.split(".");
        const scale = 18 + Number(shift) - part.length;
        const exact = BigInt(whole + part);
        const wad = toWad(value);
        if (scale >= 0) expect(wad).to.equal(exact * 10n ** BigInt(scale));
        else {
          const unit = 10n ** BigInt(-scale);
          expect(wad * unit <= exact && exact < (wad + 1n) * unit).to.equal(true);
        }
      }),
    );
  });
});
