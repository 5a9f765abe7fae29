import type { DemandProfile } from "@surety/protocol";

/**
 * Demand over the 24 slots of a day, relative: two evening slots in which more than half of the day's requests arrive, a
 * quiet night, and a working day. The evening comes first, as the small machines that this runs on have other things to do
 * later: the seats of the days before then run, commit and settle.
 */
export const DAY: readonly number[] = [
  1.6, 14, 14, 1.6, 1.2, 0.9, 0.7, 0.5, 0.4, 0.3, 0.3, 0.4, 0.6, 0.9, 1.2, 1.4, 1.4, 1.3, 1.2, 1.2, 1.2, 1.2, 1.3, 1.4,
];

const total = DAY.reduce((sum, weight) => sum + weight, 0);

/** Share of the day's demand that arrives in slot `k`. */
export const demandShare = (k: number): number => DAY[k]! / total;

/** Share of demand that the published profile puts into slot `k`. */
export const profileShare = (profile: DemandProfile, k: number): number =>
  Number((profile.weights[k]! * 1_000_000_000n) / profile.total) / 1e9;

/** The slots into which the published profile puts more than twice the average demand; none while it is flat. */
export const peakSlots = (profile: DemandProfile): number[] =>
  profile.flat ? [] : DAY.flatMap((_, k) => (profileShare(profile, k) > 2 / 24 ? [k] : []));

/** Demand-weighted failures that the shedding provider allows itself. */
const SHED_WEIGHTED = 0.085;
/** Failures over time that it stays below, so that a status page shows more than 97 %. */
const SHED_UNIFORM = 0.0285;

/**
 * Share of requests that the shedding provider refuses in a peak slot: as many as cost it 8.5 % of the published demand, but
 * never so many that its uptime over time falls to 97 %.
 */
export function shedRate(profile: DemandProfile): number {
  const peak = peakSlots(profile);
  if (peak.length === 0) return 0;
  const atPeak = peak.reduce((sum, k) => sum + profileShare(profile, k), 0);
  return Math.min(SHED_WEIGHTED / atPeak, (SHED_UNIFORM * 24) / peak.length);
}

/** Availability under the published profile of a provider that refuses {@link shedRate} of its requests in the peak slots. */
export function sheddingAvailability(profile: DemandProfile): number {
  return 1 - shedRate(profile) * peakSlots(profile).reduce((sum, k) => sum + profileShare(profile, k), 0);
}
