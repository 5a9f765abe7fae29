import { expect } from "chai";
import fc from "fast-check";
import {
  checkProbeReport,
  type ProbeReport,
  packProbeReport,
  packRerunReport,
  type RerunReport,
  unpackProbeReport,
  unpackRerunReport,
  VERDICTS,
} from "./report.ts";
import { aggregateProbes, judgeSamples } from "./settlement.ts";
import { code } from "./testing/refusal.ts";

const probe = (probes: number, timely: number, over: Partial<ProbeReport> = {}): ProbeReport => ({
  probes,
  timely,
  answered: timely,
  peakProbes: 0,
  peakTimely: 0,
  atCapacity: 0,
  ...over,
});
const verdicts = fc.array(fc.constantFrom(...VERDICTS), { maxLength: 48 });
const rerun = (...codes: number[]): RerunReport => ({
  n: codes.length,
  verdicts: codes.map((c) => VERDICTS[c]!),
  panel: 0,
});

describe("probe report", () => {
  it("packs low bits first and comes back", () => {
    const full = probe(60, 50, { answered: 55, peakProbes: 20, peakTimely: 18, atCapacity: 5 });
    expect(packProbeReport(full)).to.equal(
      60n | (50n << 16n) | (55n << 32n) | (20n << 48n) | (18n << 64n) | (5n << 80n),
    );
    expect(unpackProbeReport(packProbeReport(full))).to.deep.equal(full);
    expect(checkProbeReport(full, 64)).to.deep.equal(full);
  });

  it("must keep the laws of its counts", () => {
    const laws: Partial<ProbeReport>[] = [
      { answered: 49 },
      { answered: 61 },
      { peakTimely: 21 },
      { peakProbes: 61 },
      { peakProbes: 55, peakTimely: 51 },
      { atCapacity: 6 },
    ];
    const full = probe(60, 50, { answered: 55, peakProbes: 20, peakTimely: 18, atCapacity: 5 });
    for (const law of laws) {
      const bad = { ...full, ...law };
      expect(
        code(() => packProbeReport(bad)),
        JSON.stringify(law),
      ).to.equal("PROTOCOL_BAD_REPORT");
      expect(code(() => checkProbeReport(bad, 64))).to.equal("PROTOCOL_BAD_REPORT");
    }
    expect(code(() => checkProbeReport(probe(10, 10), 22))).to.equal("PROTOCOL_BAD_REPORT");
    expect(code(() => checkProbeReport(probe(11, 10), 22))).to.equal("none");
    expect(code(() => checkProbeReport(probe(23, 10), 22))).to.equal("PROTOCOL_BAD_REPORT");
    expect(code(() => packProbeReport(probe(65_536, 0)))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => unpackProbeReport(1n << 96n))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => unpackProbeReport(1n << 16n))).to.equal("PROTOCOL_BAD_REPORT");
  });
});

describe("re-run report", () => {
  it("packs two bits a sample and comes back", () => {
    expect(packRerunReport({ ...rerun(0, 1, 2, 3), panel: 2 })).to.equal(4n | (0b11100100n << 8n) | (2n << 104n));
    fc.assert(
      fc.property(verdicts, fc.constantFrom(0 as const, 1 as const, 2 as const), (vs, panel) => {
        const report = { n: vs.length, verdicts: vs, panel };
        expect(unpackRerunReport(packRerunReport(report))).to.deep.equal(report);
      }),
    );
  });

  it("refuses what is malformed", () => {
    expect(code(() => packRerunReport({ ...rerun(0, 1), n: 3 }))).to.equal("PROTOCOL_BAD_REPORT");
    expect(code(() => packRerunReport({ n: 49, verdicts: Array(49).fill("match"), panel: 0 }))).to.equal(
      "PROTOCOL_OUT_OF_RANGE",
    );
    expect(code(() => packRerunReport({ n: 1, verdicts: ["fine" as "match"], panel: 0 }))).to.equal(
      "PROTOCOL_BAD_REPORT",
    );
    expect(code(() => packRerunReport({ ...rerun(0), panel: 3 as 2 }))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => unpackRerunReport(49n))).to.equal("PROTOCOL_BAD_REPORT");
    expect(code(() => unpackRerunReport(1n | (1n << 10n)))).to.equal("PROTOCOL_BAD_REPORT");
    expect(code(() => unpackRerunReport(3n << 104n))).to.equal("PROTOCOL_BAD_REPORT");
    expect(code(() => unpackRerunReport(1n << 106n))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });
});

describe("settlement of probes", () => {
  const [a, b, c, d, e] = [probe(20, 20), probe(22, 11), probe(20, 15), probe(16, 12), probe(22, 0)];

  it("adds the middle three of five, the middle two of four, all of three", () => {
    const counted = (rs: (ProbeReport | null)[]) => {
      const { quorum, probes, timely } = aggregateProbes(rs);
      return [quorum, probes, timely];
    };
    expect(counted([a, b, c, d, e])).to.deep.equal([true, 22 + 20 + 16, 11 + 15 + 12]);
    expect(counted([a, null, c, d, e])).to.deep.equal([true, 20 + 16, 15 + 12]);
    expect(counted([a, null, null, d, e])).to.deep.equal([true, 20 + 16 + 22, 20 + 12]);
    expect(counted([a, null, null, d, null])).to.deep.equal([false, 0, 0]);
  });

  it("breaks ties by seat: the lower seat is the lower report", () => {
    // Four reports of one rate: the seats of the middle are 1 and 2.
    const same = [probe(20, 10), probe(12, 6), probe(14, 7), probe(16, 8)];
    expect(aggregateProbes(same).probes).to.equal(12 + 14);
    expect(aggregateProbes([same[3]!, same[2]!, null, same[1]!, same[0]!]).probes).to.equal(14 + 12);
  });

  it("sums every count, from packed reports as from plain ones", () => {
    const rs = [20, 18, 16].map((n) =>
      probe(n, n - 4, { answered: n - 2, peakProbes: 6, peakTimely: 5, atCapacity: 1 }),
    );
    const want = { quorum: true, probes: 54, timely: 42, peakProbes: 18, peakTimely: 15, atCapacity: 3 };
    expect(aggregateProbes(rs)).to.deep.equal(want);
    expect(aggregateProbes(rs.map(packProbeReport))).to.deep.equal(want);
  });

  it("is moved by no single liar beyond the honest reports", () => {
    const rate = fc.integer({ min: 0, max: 22 });
    fc.assert(
      fc.property(fc.array(rate, { minLength: 4, maxLength: 4 }), rate, fc.nat({ max: 4 }), (honest, lie, seat) => {
        const reports = honest.map((t) => probe(22, t));
        reports.splice(seat, 0, probe(22, lie));
        const { timely, probes } = aggregateProbes(reports);
        expect(timely * 22 >= Math.min(...honest) * probes && timely * 22 <= Math.max(...honest) * probes).to.equal(
          true,
        );
      }),
    );
  });

  it("counts no abstention", () => {
    const nothing = probe(0, 0);
    expect(checkProbeReport(nothing, 22)).to.equal(nothing);
    expect(aggregateProbes([a, nothing, c, 0n, e])).to.deep.equal(aggregateProbes([a, null, c, null, e]));
    expect(aggregateProbes([a, nothing, c, nothing, nothing]).quorum).to.equal(false);
  });

  it("refuses what is malformed", () => {
    expect(code(() => aggregateProbes([a, b, c, d, e, a]))).to.equal("PROTOCOL_TOO_MANY_REPORTS");
    expect(code(() => aggregateProbes([a, b, probe(1, 2)]))).to.equal("PROTOCOL_BAD_REPORT");
    expect(code(() => aggregateProbes([1n << 100n]))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });
});

describe("settlement of samples", () => {
  it("takes five of nine in a redraw", () => {
    const [good, bad] = [rerun(0, 0), rerun(2, 0)];
    expect(judgeSamples([good, good, bad, bad, null, null, null, null, null], 2).quorum).to.equal(false);
    const got = judgeSamples([good, good, bad, bad, bad, null, null, null, null], 2);
    expect([got.quorum, got.matches, got.mismatches]).to.deep.equal([true, 1, 1n]);
    expect(code(() => judgeSamples(Array(10).fill(good), 2))).to.equal("PROTOCOL_TOO_MANY_REPORTS");
  });

  it("takes what strictly more than half of the revealed say", () => {
    const got = judgeSamples([rerun(0, 2, 0, 1), rerun(0, 2, 2, 1), rerun(2, 2, 0, 3), rerun(0, 0, 2, 0), null], 4);
    expect(got).to.deep.equal({ quorum: true, matches: 1, mismatches: 0b10n, undecided: 2, recheck: true });
    const packed = [rerun(0, 2, 0, 1), rerun(0, 2, 2, 1), rerun(2, 2, 0, 3)].map(packRerunReport);
    expect(judgeSamples(packed, 4)).to.deep.equal({
      quorum: true,
      matches: 2,
      mismatches: 0b10n,
      undecided: 1,
      recheck: false,
    });
  });

  it("counts every sample once", () => {
    const committee = fc.integer({ min: 1, max: 48 }).chain((m) =>
      fc.tuple(
        fc.constant(m),
        fc.array(fc.option(fc.array(fc.nat({ max: 3 }), { minLength: m, maxLength: m })), {
          minLength: 5,
          maxLength: 5,
        }),
      ),
    );
    fc.assert(
      fc.property(committee, ([m, seats]) => {
        const got = judgeSamples(
          seats.map((s) => (s === null ? null : rerun(...s))),
          m,
        );
        const bits = [...got.mismatches.toString(2)].filter((b) => b === "1").length;
        expect(got.quorum).to.equal(seats.filter((s) => s !== null).length >= 3);
        expect(got.matches + bits + got.undecided).to.equal(got.quorum ? m : 0);
      }),
    );
  });

  it("takes a report on another number of samples for none", () => {
    const ok = rerun(0, 0);
    expect(judgeSamples([ok, ok, rerun(0)], 2).quorum).to.equal(false);
    expect(judgeSamples([ok, ok, rerun(0), ok], 2).matches).to.equal(2);
    expect(judgeSamples([ok, ok], 2)).to.deep.equal({
      quorum: false,
      matches: 0,
      mismatches: 0n,
      undecided: 0,
      recheck: true,
    });
  });

  it("asks for a recheck when over a quarter is undecided or the panel fails", () => {
    const three = (r: RerunReport) => judgeSamples([r, r, r], r.n).recheck;
    expect(three(rerun(0, 0, 0, 1))).to.equal(false);
    expect(three(rerun(0, 0, 1, 1))).to.equal(true);
    expect(three({ ...rerun(0), panel: 2 })).to.equal(true);
    expect(three({ ...rerun(0), panel: 1 })).to.equal(false);
  });

  it("refuses what is malformed", () => {
    expect(code(() => judgeSamples(Array(10).fill(rerun(0)), 1))).to.equal("PROTOCOL_TOO_MANY_REPORTS");
    expect(code(() => judgeSamples([], 49))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => judgeSamples([3n << 104n], 0))).to.equal("PROTOCOL_BAD_REPORT");
  });
});
