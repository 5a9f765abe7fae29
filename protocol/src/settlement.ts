import { small } from "./check.ts";
import { SuretyError } from "./errors.ts";
import { type ProbeReport, packProbeReport, type RerunReport, unpackProbeReport, unpackRerunReport } from "./report.ts";
import { MAX_SAMPLES } from "./sample.ts";
import { REDRAW_SEATS, SEATS } from "./seats.ts";

/** Revealed reports of a committee below which a part is unknown. */
export const QUORUM = 3;
/** And of a redraw. */
export const REDRAW_QUORUM = 5;

/** Probes of an epoch as the record takes them; all zero without quorum. */
export type ProbeResult = {
  quorum: boolean;
  probes: number;
  timely: number;
  peakProbes: number;
  peakTimely: number;
  atCapacity: number;
};

/** Re-runs of an epoch as the record takes them; without quorum nothing but `recheck`. */
export type SampleResult = {
  quorum: boolean;
  /** Samples that a majority calls a match: word C takes good = total = matches. */
  matches: number;
  /** Bit j: a majority calls sample j a mismatch. */
  mismatches: bigint;
  /** Samples without a majority either way. */
  undecided: number;
  /** The record's flag: the part is unknown, a majority fails the panel, or over a quarter has no majority. */
  recheck: boolean;
};

function atMostSeats(reports: readonly unknown[], seats: number): void {
  if (reports.length > seats) {
    throw new SuretyError(
      "PROTOCOL_TOO_MANY_REPORTS",
      `there are ${reports.length} reports, the committee has ${seats} seats`,
    );
  }
}

/**
 * Adds up the probe reports of a committee (docs/protocol.md section 6): sorted by timely/probes, ties by seat, the middle
 * three of five, the middle two of four, all of three. One liar at either end decides nothing.
 * @param reports by seat, packed or not; null where a seat is empty or did not reveal
 */
export function aggregateProbes(reports: readonly (ProbeReport | bigint | null)[]): ProbeResult {
  atMostSeats(reports, SEATS);
  const shown = reports
    .filter((r) => r !== null)
    .map((r) => unpackProbeReport(typeof r === "bigint" ? r : packProbeReport(r)))
    // A report of zeros is an abstention.
    .filter((r) => r.probes > 0);
  const result = { quorum: false, probes: 0, timely: 0, peakProbes: 0, peakTimely: 0, atCapacity: 0 };
  if (shown.length < QUORUM) return result;
  // Array.sort is stable, so equal rates stay in the order of their seats.
  const sorted = shown.sort((a, b) => a.timely * b.probes - b.timely * a.probes);
  result.quorum = true;
  for (const r of sorted.length === QUORUM ? sorted : sorted.slice(1, -1)) {
    result.probes += r.probes;
    result.timely += r.timely;
    result.peakProbes += r.peakProbes;
    result.peakTimely += r.peakTimely;
    result.atCapacity += r.atCapacity;
  }
  return result;
}

/**
 * Judges the samples of an epoch (section 6): a match or a mismatch is what strictly more than half of the revealed seats
 * call it. A report whose n is not m is no report.
 * @param reports by seat, packed or not; null where a seat is empty or did not reveal. More than five are of a redraw, whose
 * quorum is five
 * @param m samples fixed by the log's commit
 */
export function judgeSamples(reports: readonly (RerunReport | bigint | null)[], m: number): SampleResult {
  atMostSeats(reports, REDRAW_SEATS);
  const quorum = reports.length > SEATS ? REDRAW_QUORUM : QUORUM;
  small("m", m, MAX_SAMPLES);
  const shown = reports
    .filter((r) => r !== null)
    .map((r) => (typeof r === "bigint" ? unpackRerunReport(r) : r))
    .filter((r) => r.n === m && r.verdicts.length === m);
  if (shown.length < quorum) return { quorum: false, matches: 0, mismatches: 0n, undecided: 0, recheck: true };
  const majority = (holds: (r: RerunReport) => boolean): boolean => 2 * shown.filter(holds).length > shown.length;
  let matches = 0;
  let mismatches = 0n;
  let undecided = 0;
  for (let j = 0; j < m; j++) {
    if (majority((r) => r.verdicts[j] === "match")) matches++;
    else if (majority((r) => r.verdicts[j] === "mismatch")) mismatches |= 1n << BigInt(j);
    else undecided++;
  }
  const recheck = majority((r) => r.panel === 2) || 4 * undecided > m;
  return { quorum: true, matches, mismatches, undecided, recheck };
}
