import { measurePromise, NEW_SERVICE, type Service } from "@surety/protocol";
import { assert } from "chai";
import fc from "fast-check";
import { call, runs } from "./harness.ts";

const target = fc.constantFrom(500_000_000n, 900_000_000n, 990_000_000n, 993_210_000n, 995_000_000n, 999_000_000n);
const gap = fc.oneof(
  { weight: 20, arbitrary: fc.constant(1n) },
  { weight: 2, arbitrary: fc.bigInt({ min: 2n, max: 60n }) },
);
/** An epoch in which a share of the probes fails, some of them for capacity. */
const epoch = fc
  .tuple(gap, fc.constantFrom(33n, 66n, 192n), fc.constantFrom(0, 0, 0.005, 0.02, 0.1, 0.6), fc.nat(100), fc.nat(100))
  .map(([step, probes, rate, luck, busy]) => {
    const failed = BigInt(Math.round((Number(probes) * rate * luck) / 50));
    const bad = failed < probes ? failed : probes;
    return { step, probes, timely: probes - bad, atCapacity: (bad * BigInt(busy)) / 100n };
  });

const flat = (s: Service) => [s.good, s.total, s.cusum, s.epoch, s.measured, s.windowStart, s.windowTaken, s.due];

describe("PromiseMath against its twin", () => {
  it("measures the same promises", async () => {
    const seen = { cuts: 0, slashes: 0, windows: 0 };
    const history = fc.array(epoch, { minLength: 20, maxLength: 70, size: "max" });
    const property = fc.asyncProperty(target, history, async (promised, steps) => {
      let at = 0n;
      const list = steps.map(({ step, ...measured }) => {
        at += step;
        return { epoch: at, ...measured };
      });
      let service = NEW_SERVICE;
      const ours = list.map((measured) => {
        const next = measurePromise(service, promised, measured);
        if (next.cut > 0n) seen.cuts++;
        if (next.service.due > service.due) seen.slashes++;
        if (next.service.windowTaken < service.windowTaken) seen.windows++;
        service = next.service;
        return [flat(service), next.cut] as const;
      });
      const [services, cuts] = await call("measures", Object.values(NEW_SERVICE), promised, list);
      assert.deepEqual(
        services.toArray(true),
        ours.map(([word]) => word),
      );
      assert.deepEqual(
        cuts.toArray(),
        ours.map(([, cut]) => cut),
      );
    });
    await fc.assert(property, runs(80));
    assert.isAbove(seen.cuts, 100);
    assert.isAbove(seen.slashes, 100);
    assert.isAbove(seen.windows, 5);
  });
});
