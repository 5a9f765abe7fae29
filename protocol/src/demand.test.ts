import { expect } from "chai";
import fc from "fast-check";
import { type DemandLog, demandProfile, packSlots, unpackSlots } from "./demand.ts";
import { code } from "./testing/refusal.ts";
import { account } from "./testing/samples.ts";

const counts = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 24, maxLength: 24 });
const at = (...slots: number[]): number[] =>
  unpackSlots(packSlots(Array.from({ length: 24 }, (_, k) => (slots.includes(k) ? 1 : 0))));
const log = (epoch: number, owner: number, over: Partial<DemandLog> = {}): DemandLog => ({
  epoch: BigInt(epoch),
  owner: account(owner),
  shares: at(5),
  units: 100n,
  cap: 1000n,
  ...over,
});
const three = (epoch: number, over: Partial<DemandLog> = {}) => [1, 2, 3].map((o) => log(epoch, o, over));

describe("slots", () => {
  it("sum to exactly 1023 and come back", () => {
    fc.assert(
      fc.property(counts, (cs) => {
        const shares = unpackSlots(packSlots(cs));
        const total = cs.reduce((a, b) => a + b, 0);
        expect(shares.reduce((a, b) => a + b, 0)).to.equal(total === 0 ? 0 : 1023);
        for (const [k, share] of shares.entries()) {
          expect(Math.abs(share - (1023 * cs[k]!) / (total || 1)) < 1).to.equal(true);
        }
      }),
    );
  });

  it("give what is left to the largest remainders, ties to the lower slot", () => {
    const even = unpackSlots(packSlots(Array(24).fill(7)));
    expect(even).to.deep.equal([...Array(15).fill(43), ...Array(9).fill(42)]);
    const two = unpackSlots(packSlots([1, 0, 1, ...Array(21).fill(0)]));
    expect(two.slice(0, 3)).to.deep.equal([512, 0, 511]);
    expect(packSlots([0, 1, ...Array(22).fill(0)])).to.equal(1023n << 10n);
    expect(packSlots(Array(24).fill(0))).to.equal(0n);
  });

  it("are refused when malformed", () => {
    expect(code(() => packSlots([1]))).to.equal("PROTOCOL_BAD_SLOTS");
    expect(code(() => packSlots(Array(24).fill(-1)))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => packSlots(Array(24).fill(0.5)))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => unpackSlots(1022n))).to.equal("PROTOCOL_BAD_SLOTS");
    expect(code(() => unpackSlots((1n << 240n) | 1023n))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => unpackSlots(-1n))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });
});

describe("demand profile", () => {
  it("is seven eighths demand and one eighth flat", () => {
    const p = demandProfile(three(7), 10);
    const A = 65_536n * 100n * 3n * 1023n;
    expect(p.total).to.equal(192n * A);
    expect(p.weights[5]).to.equal(168n * A + A);
    expect(p.weights[6]).to.equal(A);
    expect(p.flat).to.equal(false);
    expect(p.peak).to.deep.equal([0, 1, 2, 3, 5]);
  });

  it("weighs logs by age and caps them by bonded capacity", () => {
    const weights = [65_536n, 56_173n, 48_148n, 41_270n, 35_374n, 30_321n, 25_989n];
    for (const [age, weight] of weights.entries()) {
      const p = demandProfile(three(17 - age, { units: 5000n }), 20);
      expect(p.weights[6]).to.equal(weight * 1000n * 3n * 1023n);
    }
    for (const outside of [18, 10, 20, 21]) expect(demandProfile(three(outside), 20).flat).to.equal(true);
  });

  it("weights sum to the total, whatever the logs", () => {
    const any = fc.record({
      epoch: fc.integer({ min: 0, max: 12 }),
      owner: fc.integer({ min: 1, max: 5 }),
      shares: counts.map((c) => unpackSlots(packSlots(c))),
      units: fc.bigInt({ min: 0n, max: 10n ** 12n }),
      cap: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), (logs) => {
        const p = demandProfile(
          logs.map((l) => ({ ...l, owner: account(l.owner) })),
          12,
        );
        expect(p.weights.reduce((a, b) => a + b, 0n)).to.equal(p.total);
        expect(p.peak).to.have.length(p.flat ? 0 : 5);
        for (const k of p.peak) {
          for (let other = 0; other < 24; other++) {
            if (p.peak.includes(other)) continue;
            expect(p.weights[k]! > p.weights[other]! || (p.weights[k] === p.weights[other] && k < other)).to.equal(
              true,
            );
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("is flat below three owners who served something", () => {
    const two = [log(7, 1), log(7, 2), log(6, 1)];
    expect(demandProfile(two, 10)).to.deep.equal({ weights: Array(24).fill(1n), total: 24n, peak: [], flat: true });
    const idle = (over: Partial<DemandLog>) => demandProfile([...two, log(7, 3, over)], 10).flat;
    expect(idle({ units: 0n })).to.equal(true);
    expect(idle({ cap: 0n })).to.equal(true);
    expect(idle({ shares: Array(24).fill(0), units: 5n })).to.equal(true);
    expect(idle({ epoch: 0n })).to.equal(true);
    expect(idle({})).to.equal(false);
    expect(demandProfile([], 0).flat).to.equal(true);
  });

  it("refuses what is malformed", () => {
    expect(code(() => demandProfile(three(7, { shares: [1] }), 10))).to.equal("PROTOCOL_BAD_SLOTS");
    expect(code(() => demandProfile(three(7, { shares: Array(24).fill(1) }), 10))).to.equal("PROTOCOL_BAD_SLOTS");
    expect(code(() => demandProfile(three(7, { units: -1n }), 10))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => demandProfile(three(7, { owner: "0x1" }), 10))).to.equal("PROTOCOL_BAD_ADDRESS");
    expect(code(() => demandProfile([], -1))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });
});
