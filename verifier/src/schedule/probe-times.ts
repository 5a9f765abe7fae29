import type { DemandProfile } from "@surety/protocol";
import type { Rng } from "../ports.ts";
import { below } from "../random.ts";

/** When a probe is due (Unix milliseconds), for which slot it was drawn, and whether that is a peak slot. */
export type ProbeTime = { atMs: number; slot: number; peak: boolean };

function slotOf(weights: readonly bigint[], point: bigint): number {
  let left = point;
  for (const [slot, weight] of weights.entries()) {
    if (left < weight) return slot;
    left -= weight;
  }
  return weights.length - 1;
}

/**
 * Draws the private times of `count` probes: the slot by the demand profile, uniform inside the slot (docs/protocol.md
 * section 3). What a probe meets is then what a request meets.
 * @param start first millisecond of the epoch @param lengthMs its length
 */
export function probeTimes(draw: {
  profile: DemandProfile;
  count: number;
  startMs: number;
  lengthMs: number;
  rng: Rng;
}): ProbeTime[] {
  const { profile, count, startMs, lengthMs, rng } = draw;
  const slots = profile.weights.length;
  return Array.from({ length: count }, () => {
    const slot = slotOf(profile.weights, below(rng, profile.total));
    const from = Math.ceil((slot * lengthMs) / slots);
    const until = Math.ceil(((slot + 1) * lengthMs) / slots);
    const atMs = startMs + from + Number(below(rng, BigInt(until - from)));
    return { atMs, slot, peak: !profile.flat && profile.peak.includes(slot) };
  }).sort((a, b) => a.atMs - b.atMs);
}
