import { QUORUM, ROLE_RERUN } from "@surety/protocol";
import type { Address, Hex } from "viem";
import type { Facts } from "./facts.ts";

/** An epoch of a record. */
export type RecordEpoch = { provider: Address; modelId: Hex; epoch: bigint };

/**
 * Whether re-runs are below quorum although there is something to re-run, as `AttestationHub.needsRedraw`: final only once
 * the first round's reveals are over.
 */
export function needsRedraw(facts: Facts, { provider, modelId, epoch }: RecordEpoch): boolean {
  const log = facts.log(provider, modelId, epoch);
  const drawn = facts.seed(epoch);
  if (!log || log.m === 0 || !drawn || drawn.drawnAt >= facts.times(epoch).commitEnd) return false;
  return facts.reveals({ provider, modelId, epoch, role: ROLE_RERUN }).length < QUORUM;
}

/** When a record's reveals of an epoch are over and it may be settled, Unix seconds. */
export function revealsEnd(facts: Facts, record: RecordEpoch): bigint {
  const { revealEnd, redrawEnd } = facts.times(record.epoch);
  return needsRedraw(facts, record) ? redrawEnd : revealEnd;
}
