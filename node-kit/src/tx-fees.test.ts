import { expect } from "chai";
import fc from "fast-check";
import { bumpFees, firstFees } from "./tx-fees.ts";

const fee = fc.bigInt({ min: 0n, max: 10n ** 12n });
const GWEI = 10n ** 9n;

describe("fees", () => {
  it("offers twice the base fee and the priority fee", () => {
    expect(firstFees(10n * GWEI, 2n * GWEI, 500n * GWEI)).to.deep.equal({
      maxFeePerGas: 22n * GWEI,
      maxPriorityFeePerGas: 2n * GWEI,
    });
  });

  it("never offers more than the cap, nor a priority above the whole", () => {
    fc.assert(
      fc.property(fee, fee, fee, (baseFee, priority, cap) => {
        const fees = firstFees(baseFee, priority, cap);
        expect(fees.maxFeePerGas <= cap && fees.maxPriorityFeePerGas <= fees.maxFeePerGas).to.equal(true);
      }),
    );
  });

  it("raises both fees by a tenth at least, as nodes demand, within the cap, or not at all", () => {
    fc.assert(
      fc.property(
        fee,
        fee,
        fee,
        fee,
        fc.bigInt({ min: 0n, max: 2n * 10n ** 12n }),
        (lastMax, lastPriority, baseFee, priority, cap) => {
          const last = firstFees(lastMax, lastPriority, 2n * 10n ** 12n);
          const next = bumpFees(last, baseFee, priority, cap);
          if (!next) return;
          expect(next.maxFeePerGas <= cap && next.maxPriorityFeePerGas <= next.maxFeePerGas).to.equal(true);
          expect(next.maxFeePerGas * 10n >= last.maxFeePerGas * 11n).to.equal(true);
          expect(next.maxPriorityFeePerGas * 10n >= last.maxPriorityFeePerGas * 11n).to.equal(true);
        },
      ),
    );
  });

  it("follows the market up when it has moved further", () => {
    const last = { maxFeePerGas: 22n * GWEI, maxPriorityFeePerGas: 2n * GWEI };
    expect(bumpFees(last, 100n * GWEI, GWEI, 500n * GWEI)?.maxFeePerGas).to.equal(201n * GWEI);
    expect(bumpFees(last, 100n * GWEI, GWEI, 24n * GWEI)).to.equal(undefined);
  });
});
