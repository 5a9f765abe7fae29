import {
  aggregateProbes,
  checkProbeReport,
  judgeSamples,
  packProbeReport,
  packRerunReport,
  type SampleVerdict,
  unpackProbeReport,
  unpackRerunReport,
  VERDICTS,
} from "@surety/protocol";
import { assert } from "chai";
import fc from "fast-check";
import { call, runs, sameVerdict, uint } from "./harness.ts";

const upTo = (max: number) => fc.integer({ min: 0, max });

/** A possible probe report of a seat that owed nP. */
const probeOf = (nP: number) =>
  fc.integer({ min: Math.ceil(nP / 2), max: nP }).chain((probes) =>
    fc.tuple(upTo(probes), upTo(probes), upTo(probes), upTo(probes), upTo(probes)).map(([a, b, c, d, e]) => {
      const [timely, answered] = a < b ? [a, b] : [b, a];
      const peakTimely = Math.min(c, d, timely);
      return { probes, timely, answered, peakProbes: d, peakTimely, atCapacity: Math.min(e, probes - answered) };
    }),
  );
const committee = <T>(report: fc.Arbitrary<T>, seats = 5) =>
  fc.array(fc.option(report, { freq: 5 }), { minLength: seats, maxLength: seats });
const word = (report: bigint | null) => report ?? 0n;
const shown = (report: bigint | null) => report !== null;

describe("Reports and Settlement against their twins", () => {
  const nP = fc.constantFrom(11, 22, 64);

  it("reads and accepts the same probe reports", async () => {
    const property = fc.asyncProperty(
      nP.chain((n) => fc.tuple(fc.constant(n), probeOf(n))),
      async ([n, report]) => {
        const packed = packProbeReport(report);
        assert.isTrue(await sameVerdict(() => checkProbeReport(report, n), "checkProbe", packed, n));
        assert.deepEqual((await call("probeFields", packed)).map(Number), Object.values(report));
      },
    );
    await fc.assert(property, runs(100));
  });

  it("refuses the same probe reports", async () => {
    let passed = 0;
    const near = nP.chain((n) => fc.tuple(fc.constant(n), probeOf(n), upTo(5), fc.integer({ min: -3, max: 3 })));
    const any = fc.oneof({ weight: 9, arbitrary: fc.constant(0n) }, { weight: 1, arbitrary: uint(20) });
    const property = fc.asyncProperty(near, any, async ([n, report, at, by], above) => {
      const fields = Object.values(report).map((value, i) => BigInt(i === at ? Math.max(0, value + by) : value));
      const packed = fields.reduce((sum, value, i) => sum | (value << BigInt(16 * i)), above << 96n);
      const check = () => checkProbeReport(unpackProbeReport(packed), n);
      if (await sameVerdict(check, "checkProbe", packed, n)) passed++;
    });
    await fc.assert(property, runs(400));
    assert.isAbove(passed, 50);
    assert.isBelow(passed, 350);
  });

  const m = fc.constantFrom(12, 24, 48);
  const rerunOf = (n: number, panel: fc.Arbitrary<0 | 1 | 2>, weights: SampleVerdict[] = ["match", "mismatch"]) =>
    fc.record({
      n: fc.constant(n),
      verdicts: fc.array(fc.constantFrom(...VERDICTS, ...weights), {
        minLength: n,
        maxLength: n,
        size: "max",
      }),
      panel,
    });

  it("reads and accepts the same re-run reports", async () => {
    const any = m.chain((n) => rerunOf(n, fc.constantFrom(0, 1, 2)));
    const property = fc.asyncProperty(any, async (report) => {
      const packed = packRerunReport(report);
      assert.isTrue(await sameVerdict(() => unpackRerunReport(packed), "checkRerun", packed, report.n));
      const [samples, verdicts, panel] = await call("rerunFields", packed);
      assert.deepEqual([Number(samples), Number(panel)], [report.n, report.panel]);
      const codes = verdicts.toArray().slice(0, report.n);
      assert.deepEqual(
        codes.map((code: bigint) => VERDICTS[Number(code)]),
        report.verdicts,
      );
    });
    await fc.assert(property, runs(60));
  });

  it("refuses the same re-run reports", async () => {
    const property = fc.asyncProperty(
      m.chain((n) => fc.tuple(rerunOf(n, fc.constantFrom(0, 1, 2)), upTo(110))),
      async ([report, bit]) => {
        const packed = packRerunReport(report) ^ (1n << BigInt(bit));
        const check = () => {
          const { n } = unpackRerunReport(packed);
          if (n !== report.n) unpackRerunReport(-1n);
        };
        await sameVerdict(check, "checkRerun", packed, report.n);
      },
    );
    await fc.assert(property, runs(250));
  });

  it("aggregates the same probes", async () => {
    let known = 0;
    const property = fc.asyncProperty(
      nP.chain((n) => committee(probeOf(n).map(packProbeReport))),
      async (reports) => {
        const theirs = await call("aggregateProbes", reports.map(word), reports.map(shown));
        const ours = Object.values(aggregateProbes(reports));
        assert.deepEqual(theirs.toArray().map(Number), ours.map(Number));
        if (theirs[0]) known++;
      },
    );
    await fc.assert(property, runs(400));
    assert.isAbove(known, 200);
    assert.isBelow(known, 400);
  });

  it("judges the same samples", async () => {
    let byPanel = 0;
    const panel = fc.constantFrom(0 as const, 1 as const, 2 as const, 2 as const);
    // Every other committee agrees on most samples, so that the panel alone decides about the flag.
    const agreeing = Array<SampleVerdict>(40).fill("match");
    const reruns = fc
      .tuple(m, fc.boolean(), fc.constantFrom(5, 9))
      .chain(([n, agree, seats]) =>
        fc.tuple(
          fc.constant(n),
          committee(rerunOf(n, panel, agree ? agreeing : undefined).map(packRerunReport), seats),
        ),
      );
    const property = fc.asyncProperty(reruns, async ([n, reports]) => {
      const theirs = await call("judgeSamples", reports.map(word), reports.map(shown), n);
      const { quorum, matches, mismatches, undecided, recheck } = judgeSamples(reports, n);
      assert.deepEqual(theirs.toArray(), [quorum, BigInt(matches), mismatches, BigInt(undecided), recheck]);
      if (recheck && quorum && 4 * undecided <= n) byPanel++;
    });
    await fc.assert(property, runs(150));
    assert.isAbove(byPanel, 10);
  });
});
