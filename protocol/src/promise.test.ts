import { expect } from "chai";
import fc from "fast-check";
import { breach, measurePromise, NEW_SERVICE, type Service } from "./promise.ts";

const TARGET = 995_000_000n;

/** Epochs 1 to n with the same counts each. */
function keep(n: number, counts: { probes: number; timely: number; atCapacity?: number }, from: Service = NEW_SERVICE) {
  let service = from;
  const cuts: bigint[] = [];
  for (let i = 1; i <= n; i++) {
    const next = measurePromise(service, TARGET, { epoch: from.epoch + BigInt(i), atCapacity: 0, ...counts });
    service = next.service;
    cuts.push(next.cut);
  }
  return { service, cuts };
}

describe("promise", () => {
  it("costs a provider that keeps it nothing", () => {
    const { service, cuts } = keep(60, { probes: 200, timely: 199 });
    expect(cuts.every((cut) => cut === 0n)).to.equal(true);
    expect(service.due).to.equal(0n);
    expect(breach(service, TARGET) < 1_000_000_000n).to.equal(true);
  });

  it("cuts from the seventh epoch on, a tenth per multiple of the promised failure rate", () => {
    const { service, cuts } = keep(12, { probes: 200, timely: 190 });
    expect(cuts.slice(0, 6)).to.deep.equal(Array(6).fill(0n));
    expect(cuts[6]! > 0n).to.equal(true);
    const multiple = breach(service, TARGET);
    // 5 % failed where 0.5 % was promised: ten times in the limit, less at 95 % confidence.
    expect(multiple > 7_000_000_000n && multiple < 10_000_000_000n).to.equal(true);
    expect(cuts.at(-1)).to.equal((multiple - 1_000_000_000n) / 10n);
  });

  it("slashes once per alarm, and at most 5 % within 30 epochs", () => {
    let service = NEW_SERVICE;
    const slashes: { epoch: number; share: bigint }[] = [];
    for (let epoch = 1; epoch <= 90; epoch++) {
      const next = measurePromise(service, TARGET, { epoch, probes: 66, timely: 33, atCapacity: 0 }).service;
      if (next.due > service.due) slashes.push({ epoch, share: next.due - service.due });
      service = next;
    }
    expect(slashes.map(({ epoch }) => epoch)).to.deep.equal([1, 31, 61]);
    expect(slashes.map(({ share }) => share)).to.deep.equal(Array(3).fill(50_000_000n));
  });

  it("spares refusals for capacity up to a tenth of the probes", () => {
    const spared = keep(20, { probes: 100, timely: 90, atCapacity: 10 });
    expect(spared.service.good).to.equal(spared.service.total);
    const beyond = keep(20, { probes: 100, timely: 80, atCapacity: 20 });
    expect(beyond.cuts.at(-1)! > 0n).to.equal(true);
  });

  it("never pays for failing more", () => {
    const counts = fc.tuple(fc.integer({ min: 1, max: 192 }), fc.nat(192), fc.nat(192)).map(([probes, a, b]) => {
      const [worse, better] = [a % (probes + 1), b % (probes + 1)].sort((x, y) => x - y) as [number, number];
      return { probes, worse, better };
    });
    fc.assert(
      fc.property(fc.array(counts, { minLength: 1, maxLength: 20 }), (epochs) => {
        let [good, bad] = [NEW_SERVICE, NEW_SERVICE];
        for (const [i, { probes, worse, better }] of epochs.entries()) {
          const at = { epoch: i + 1, probes, atCapacity: 0 };
          const [a, b] = [
            measurePromise(good, TARGET, { ...at, timely: better }),
            measurePromise(bad, TARGET, { ...at, timely: worse }),
          ];
          [good, bad] = [a.service, b.service];
          expect(a.cut <= b.cut).to.equal(true);
        }
      }),
    );
  });

  it("refuses an epoch that does not grow and counts that do not add up", () => {
    const once = keep(1, { probes: 10, timely: 10 }).service;
    const take = (change: object) => () =>
      measurePromise(once, TARGET, { epoch: 2, probes: 10, timely: 5, atCapacity: 5, ...change });
    expect(take({})).not.to.throw();
    expect(take({ epoch: 1 })).to.throw("needs one above the promise's last, 1");
    expect(take({ timely: 6 })).to.throw("need at most 10 probes together");
    expect(take({ probes: 0, timely: 0, atCapacity: 0 })).to.throw("some probes");
  });
});
