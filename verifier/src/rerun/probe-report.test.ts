import { unpackProbeReport } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import type { Probe, ProbeState } from "../store/types.ts";
import { refusal } from "../testing/refusal.ts";
import { countProbes, probeReportOf } from "./probe-report.ts";

const probe = (state: ProbeState, over: Partial<Probe> = {}): Probe => ({
  epoch: 7n,
  provider: `0x${"d1".repeat(20)}`,
  modelId: `0x${"11".repeat(32)}`,
  i: 0,
  atMs: 0,
  slot: 0,
  peak: false,
  state,
  startedMs: null,
  elapsedMs: null,
  timely: false,
  atCapacity: false,
  reason: null,
  receipt: null,
  signature: null,
  inputs: null,
  outputs: null,
  verdict: null,
  ...over,
});
const timely = probe("answered", { timely: true });
const late = probe("answered");
const failed = probe("failed");
const full = probe("failed", { atCapacity: true });
const peak = (p: Probe): Probe => ({ ...p, peak: true });

describe("countProbes", () => {
  it("counts each kind of outcome once", () => {
    const probes = [timely, timely, timely, late, failed, full, peak(timely), peak(timely), peak(late), peak(full)];
    expect(countProbes(probes)).to.deep.equal({
      probes: 10,
      timely: 5,
      answered: 7,
      peakProbes: 4,
      peakTimely: 2,
      atCapacity: 2,
    });
  });

  it("passes over probes that were lost, or never sent, peak or not", () => {
    const unsent = (["planned", "sent", "lost"] as const).flatMap((state) => [probe(state), peak(probe(state))]);
    expect(countProbes([...unsent, peak(timely)])).to.deep.equal(countProbes([peak(timely)]));
    expect(countProbes(unsent).probes).to.equal(0);
  });
});

describe("probeReportOf", () => {
  it("packs what was counted, whatever came of the probes", () => {
    const outcomes = fc.constantFrom(timely, late, failed, full).chain((p) => fc.constantFrom(p, peak(p)));
    fc.assert(
      fc.property(fc.array(outcomes, { minLength: 11, maxLength: 22 }), (probes) => {
        expect(unpackProbeReport(probeReportOf(probes, 22))).to.deep.equal(countProbes(probes));
      }),
    );
  });

  it("refuses a report of fewer than half of the probes asked for", () => {
    const sent = (count: number, lost = 0) => [...Array(count).fill(timely), ...Array(lost).fill(probe("lost"))];
    expect(refusal(() => probeReportOf(sent(6, 5), 11))).to.equal("none");
    expect(refusal(() => probeReportOf(sent(5, 6), 11))).to.equal("PROTOCOL_BAD_REPORT");
    expect(refusal(() => probeReportOf(sent(11, 11), 22))).to.equal("none");
    expect(refusal(() => probeReportOf(sent(10, 12), 22))).to.equal("PROTOCOL_BAD_REPORT");
    expect(refusal(() => probeReportOf([], 11))).to.equal("PROTOCOL_BAD_REPORT");
  });

  it("refuses more probes than were asked for", () => {
    expect(refusal(() => probeReportOf(Array(12).fill(failed), 11))).to.equal("PROTOCOL_BAD_REPORT");
  });
});
