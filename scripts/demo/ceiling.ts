import { SPEED_90_10, score, update } from "@surety/protocol";
import type { Settled } from "./state.ts";

/**
 * The score of a record with the same epochs and sample counts and no failure, as a fraction.
 * @param settled the settlements of one record, in order
 */
export function ceilingOf(settled: readonly Settled[]): number {
  let timely = 0n;
  let peak = 0n;
  let correct = 0n;
  for (const { epoch, probes, peakProbes, matches, mismatches } of settled) {
    const judged = matches + bits(mismatches);
    if (probes > 0) timely = update(timely, epoch, probes, probes).word;
    if (peakProbes > 0) peak = update(peak, epoch, peakProbes, peakProbes).word;
    if (judged > 0) correct = update(correct, epoch, judged, judged, SPEED_90_10).word;
  }
  return Number(score(timely, peak, correct)) / 1e9;
}

/** How many bits are set. */
export function bits(bitmap: bigint): number {
  let count = 0;
  for (let left = bitmap; left > 0n; left &= left - 1n) count++;
  return count;
}
