import { checkProbeReport, type ProbeReport, packProbeReport } from "@surety/protocol";
import type { Probe } from "../store/types.ts";

/** Counts what came of a seat's probes; lost ones were not sent. */
export function countProbes(probes: readonly Probe[]): ProbeReport {
  const sent = probes.filter((p) => p.state === "answered" || p.state === "failed");
  const count = (which: (p: Probe) => boolean): number => sent.filter(which).length;
  return {
    probes: sent.length,
    timely: count((p) => p.timely),
    answered: count((p) => p.state === "answered"),
    peakProbes: count((p) => p.peak),
    peakTimely: count((p) => p.peak && p.timely),
    atCapacity: count((p) => p.atCapacity),
  };
}

/**
 * Packs the report of a probe seat.
 * @param nP probes asked of each seat
 * @throws SuretyError PROTOCOL_BAD_REPORT if fewer than half of them were sent
 */
export const probeReportOf = (probes: readonly Probe[], nP: number): bigint =>
  packProbeReport(checkProbeReport(countProbes(probes), nP));
