import { checkProbeReport, type ProbeReport, packProbeReport, SuretyError } from "@surety/protocol";
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

/** Says that too few probes were sent to report of them, with what became of the others; null if there were enough. */
function tooFewProbes(probes: readonly Probe[], nP: number): string | null {
  const lost = probes.filter((p) => p.state === "lost");
  const sent = countProbes(probes).probes;
  // A report of no probes is an abstention, which has to say why.
  if (sent > 0 && 2 * sent >= nP) return null;
  const reasons = new Map<string, number>();
  for (const { reason } of lost) reasons.set(reason ?? "UNKNOWN", (reasons.get(reason ?? "UNKNOWN") ?? 0) + 1);
  const list = [...reasons].map(([reason, n]) => `${n} ${reason}`).join(", ");
  return `${sent} of ${nP} probes were sent, needs at least half${list === "" ? "" : `; not sent: ${list}`}`;
}

/**
 * Packs the report of a probe seat.
 * @param nP probes asked of each seat
 * @throws SuretyError PROTOCOL_BAD_REPORT if fewer than half of them were sent
 */
export function probeReportOf(probes: readonly Probe[], nP: number): bigint {
  const tooFew = tooFewProbes(probes, nP);
  if (tooFew !== null) throw new SuretyError("PROTOCOL_BAD_REPORT", tooFew);
  return packProbeReport(checkProbeReport(countProbes(probes), nP));
}
