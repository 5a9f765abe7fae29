/** What a demand asks for; the index is the code on chain (IDemands.sol). */
export const DEMAND_KINDS = ["sample", "leaf", "omission", "outputs", "probe"] as const;
/** What a demand asks for. */
export type DemandKind = (typeof DEMAND_KINDS)[number];

/** Where a demand stands; the index is the code on chain. */
export const DEMAND_STATES = ["none", "open", "answered", "failed"] as const;
/** Where a demand stands. */
export type DemandState = (typeof DEMAND_STATES)[number];

/** Where a case stands; the index is the code on chain (IDisputeCourt.sol). The last three are ends. */
export const CASE_STATES = ["none", "open", "tried", "confirmed", "acquitted", "mistrial"] as const;
/** Where a case stands. */
export type CaseState = (typeof CASE_STATES)[number];

/** How a jury decided; the index is the code on chain (IJuries.sol). */
export const JURY_VERDICTS = ["none", "pending", "convicted", "acquitted", "mistrial"] as const;
/** How a jury decided. */
export type JuryVerdict = (typeof JURY_VERDICTS)[number];
