import { small, uint } from "./check.ts";
import { SuretyError } from "./errors.ts";
import { MAX_SAMPLES } from "./sample.ts";

/** What a probe seat found in an epoch. */
export type ProbeReport = {
  /** Requests sent. */
  probes: number;
  /** Answered within the promised latency. */
  timely: number;
  /** Answered at all. */
  answered: number;
  /** Sent in the five peak slots; 0 if the profile is flat. */
  peakProbes: number;
  /** Timely of those. */
  peakTimely: number;
  /** Refused with 429. */
  atCapacity: number;
};

/** What a re-run seat says of one sample; the index is the code in the packed report. */
export const VERDICTS = ["match", "grey", "mismatch", "not-opened"] as const;
/** A seat's finding on one sample. */
export type SampleVerdict = (typeof VERDICTS)[number];

/** What a re-run seat found in an epoch. */
export type RerunReport = {
  /** Number of samples, the log's m. */
  n: number;
  /** One per sample. */
  verdicts: SampleVerdict[];
  /** Panel test: 0 not judged, 1 pass, 2 fail. */
  panel: 0 | 1 | 2;
};

/** Fields of a packed probe report, lowest 16 bits first. */
const PROBE_FIELDS = ["probes", "timely", "answered", "peakProbes", "peakTimely", "atCapacity"] as const;
const PANEL_AT = BigInt(8 + 2 * MAX_SAMPLES);

const refuse = (why: string): SuretyError => new SuretyError("PROTOCOL_BAD_REPORT", `the report is malformed: ${why}`);

/**
 * Checks a probe report as `reveal` does (docs/protocol.md section 5).
 * @param nP probes asked of each seat, `probesPerSeat(m_T)`; a report of fewer than half of them proves nothing, one of
 * zeros is an abstention
 * @throws SuretyError PROTOCOL_BAD_REPORT
 */
export function checkProbeReport(r: ProbeReport, nP: number): ProbeReport {
  for (const field of PROBE_FIELDS) small(field, r[field], 65_535);
  small("n_p", nP, 65_535);
  if (PROBE_FIELDS.every((field) => r[field] === 0)) return r;
  if (r.probes > nP || 2 * r.probes < nP) throw refuse(`${r.probes} probes, needs between half of ${nP} and ${nP}`);
  checkCounts(r);
  return r;
}

function checkCounts(r: ProbeReport): void {
  const need = (holds: boolean, law: string): void => {
    if (holds) return;
    throw refuse(`${law} does not hold of ${PROBE_FIELDS.map((field) => `${field} ${r[field]}`).join(", ")}`);
  };
  need(r.timely <= r.answered, "timely <= answered");
  need(r.answered <= r.probes, "answered <= probes");
  need(r.peakTimely <= r.peakProbes, "peakTimely <= peakProbes");
  need(r.peakProbes <= r.probes, "peakProbes <= probes");
  need(r.peakTimely <= r.timely, "peakTimely <= timely");
  need(r.atCapacity <= r.probes - r.answered, "atCapacity <= probes - answered");
}

/** Packs a probe report into a uint256: six fields of 16 bits in the order of {@link ProbeReport}, lowest first. */
export const packProbeReport = (r: ProbeReport): bigint => {
  for (const field of PROBE_FIELDS) small(field, r[field], 65_535);
  checkCounts(r);
  return PROBE_FIELDS.reduce((word, field, i) => word | (BigInt(r[field]) << BigInt(16 * i)), 0n);
};

/** Reads a packed probe report; refuses set bits above the fields and counts that contradict each other. */
export function unpackProbeReport(word: bigint): ProbeReport {
  uint("probe report", word, 96);
  const field = (i: number): number => Number((word >> BigInt(16 * i)) & 0xffffn);
  const report = {
    probes: field(0),
    timely: field(1),
    answered: field(2),
    peakProbes: field(3),
    peakTimely: field(4),
    atCapacity: field(5),
  };
  checkCounts(report);
  return report;
}

/** Packs a re-run report into a uint256: n in 8 bits, 2 bits a sample for 48 samples, panel in 2 bits. */
export function packRerunReport(r: RerunReport): bigint {
  small("n", r.n, MAX_SAMPLES);
  small("panel", r.panel, 2);
  if (r.verdicts.length !== r.n) throw refuse(`${r.verdicts.length} verdicts, needs n = ${r.n}`);
  return r.verdicts.reduce(
    (word, verdict, j) => {
      const code = VERDICTS.indexOf(verdict);
      if (code < 0) throw refuse(`verdict ${String(verdict)}, needs one of ${VERDICTS.join(", ")}`);
      return word | (BigInt(code) << BigInt(8 + 2 * j));
    },
    BigInt(r.n) | (BigInt(r.panel) << PANEL_AT),
  );
}

/** Reads a packed re-run report; refuses n above 48, verdicts beyond n, panel 3 and set bits above it. */
export function unpackRerunReport(word: bigint): RerunReport {
  uint("re-run report", word, Number(PANEL_AT) + 2);
  const n = Number(word & 0xffn);
  if (n > MAX_SAMPLES) throw refuse(`n is ${n}, needs at most ${MAX_SAMPLES}`);
  const panel = Number(word >> PANEL_AT);
  if (panel === 3) throw refuse("panel is 3, needs 0, 1 or 2");
  const codes = (word & ((1n << PANEL_AT) - 1n)) >> 8n;
  if (codes >> BigInt(2 * n) !== 0n) throw refuse(`there are verdicts beyond its ${n} samples`);
  const verdicts = Array.from({ length: n }, (_, j) => VERDICTS[Number((codes >> BigInt(2 * j)) & 3n)]!);
  return { n, verdicts, panel: panel as 0 | 1 | 2 };
}
