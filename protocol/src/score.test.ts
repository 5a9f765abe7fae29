import { expect } from "chai";
import fc from "fast-check";
import { lowerBound, SPEED_90_10, update, upperBound } from "./record.ts";
import { payWeight, quality, score, tenure } from "./score.ts";
import { code } from "./testing/refusal.ts";

const words = (epochs: number, t: number, p: number, c: number): [bigint, bigint, bigint] => {
  let [T, P, C] = [0n, 0n, 0n];
  for (let e = 1; e <= epochs; e++) {
    T = update(T, e, t, 64).word;
    P = update(P, e, p, 22).word;
    C = update(C, e, c, 24, SPEED_90_10).word;
  }
  return [T, P, C];
};

describe("score", () => {
  it("is the least of its bounds, times correctness", () => {
    const [T, P, C] = words(60, 64, 22, 24);
    expect(score(T, P, C)).to.equal((lowerBound(T) * lowerBound(C)) / 1_000_000_000n);
    const [, shed] = words(60, 64, 18, 24);
    expect(upperBound(shed) < lowerBound(T)).to.equal(true);
    expect(score(T, shed, C)).to.equal((upperBound(shed) * lowerBound(C)) / 1_000_000_000n);
  });

  it("exceeds none of its bounds", () => {
    const share = fc.integer({ min: 0, max: 24 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), share, share, (epochs, a, b) => {
        const [T, P, C] = words(epochs, 64 - a, Math.min(22, b), Math.min(24, b));
        const r = score(T, P, C);
        expect(r <= lowerBound(T) && r <= upperBound(P) && r <= lowerBound(C)).to.equal(true);
      }),
      { numRuns: 40 },
    );
  });

  it("pays from 94 % and in full from 99 %", () => {
    expect([0n, 940_000_000n, 940_000_001n, 965_000_000n, 990_000_000n, 1_000_000_000n].map(quality)).to.deep.equal([
      0n,
      0n,
      20n,
      500_000_000n,
      1_000_000_000n,
      1_000_000_000n,
    ]);
  });

  it("lets tenure grow from a quarter towards one", () => {
    expect(tenure(0)).to.equal(250_000_000n);
    expect(tenure(12)).to.equal(250_000_000n);
    expect(Number(tenure(30)) / 1e9).to.be.closeTo(0.5, 1e-7);
    for (const age of [13, 45, 90, 365]) {
      expect(Number(tenure(age)) / 1e9).to.be.closeTo(1 - 2 ** (-age / 30), 1e-7);
    }
    expect(tenure(100_000)).to.equal(1_000_000_000n);
  });

  it("weighs bonded capacity, never more of it than is staked", () => {
    const full = {
      score: 1_000_000_000n,
      age: 100_000,
      bonded: 6n * 10n ** 18n,
      stake: 10n ** 19n,
      totalBonded: 10n ** 19n,
    };
    expect(payWeight(full)).to.equal(full.bonded);
    expect(payWeight({ ...full, stake: 5n * 10n ** 18n })).to.equal(full.bonded / 2n);
    expect(payWeight({ ...full, stake: 10n ** 21n })).to.equal(full.bonded);
    expect(payWeight({ ...full, score: 965_000_000n, age: 0 })).to.equal(full.bonded / 8n);
    expect(payWeight({ ...full, bonded: 0n, totalBonded: 0n, stake: 0n })).to.equal(0n);
  });

  it("never pays a split identity more than the whole", () => {
    const wei = fc.bigInt({ min: 1n, max: 10n ** 24n });
    fc.assert(
      fc.property(wei, wei, wei, fc.bigInt({ min: 900_000_000n, max: 1_000_000_000n }), (a, b, stake, R) => {
        const half = (bonded: bigint, s: bigint) =>
          payWeight({ score: R, age: 90, bonded, stake: s, totalBonded: bonded });
        const share = (stake * a) / (a + b);
        expect(half(a, share) + half(b, stake - share) <= half(a + b, stake) + 2n).to.equal(true);
      }),
    );
  });

  it("refuses what is malformed", () => {
    expect(code(() => score(-1n, 0n, 0n))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => score(0n, 2n, 0n))).to.equal("PROTOCOL_RECORD_MALFORMED");
    expect(code(() => quality(-1n))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => tenure(-1))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => tenure(0.5))).to.equal("PROTOCOL_OUT_OF_RANGE");
    const pay = { score: 0n, age: 0, bonded: 1n, stake: 1n, totalBonded: 1n };
    expect(code(() => payWeight({ ...pay, stake: -1n }))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => payWeight({ ...pay, bonded: 1n << 128n }))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });
});
