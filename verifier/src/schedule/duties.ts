import {
  probesFor,
  probesPerSeat,
  REDRAW_SEATS,
  ROLE_PROBE,
  ROLE_REDRAW,
  ROLE_RERUN,
  SEATS,
  seats,
} from "@surety/protocol";
import type { Address } from "viem";
import type { Key, Role } from "../store/types.ts";
import type { Facts } from "../watch/facts.ts";
import { needsRedraw } from "../watch/redraw.ts";

/** A seat that is mine, with the chain facts it rests on. */
export type Duty = Key & {
  seat: number;
  /** Canonical JSON of the facts. */
  basis: string;
};

type Draw = Key & { facts: Facts; me: Address };

/** One committee, computed from the tickets, by seat; undefined if its seed or its provider is unknown. */
export function committeeOf(
  facts: Facts,
  { epoch, provider, modelId, role }: Omit<Key, "role"> & { role: number },
): (Address | null)[] | undefined {
  const drawn = facts.seed(role === ROLE_PROBE ? epoch - 2n : epoch);
  const owner = facts.provider(provider)?.owner.at(epoch);
  if (!drawn || !owner) return undefined;
  const length = facts.ticketLengthFor(epoch);
  const count = role === ROLE_REDRAW ? REDRAW_SEATS : SEATS;
  const tickets = facts.tickets();
  return seats({ seed: drawn.seed, provider, modelId, epoch, role, tickets, length, owner, count });
}

/** The seat of `me` on one committee; undefined if it has none or the seed is missing. */
function mySeat({ facts, me, ...key }: Draw): number | undefined {
  const seat = committeeOf(facts, key)?.indexOf(me) ?? -1;
  return seat < 0 ? undefined : seat;
}

/** Probes that a seat sends in an epoch of a promise with this target, n_p (docs/protocol.md section 6). */
export const probesOf = (target: number): number => probesPerSeat(probesFor(target));

/** Probe seats of `epoch`, drawn from seed(e-2): known during e-1. Empty while that seed is not drawn. */
export function probeDuties(facts: Facts, me: Address, epoch: bigint): Duty[] {
  const drawn = facts.seed(epoch - 2n);
  if (!drawn) return [];
  return facts.promises.in(epoch).flatMap(({ provider, modelId, target }) => {
    const key: Key = { epoch, provider, modelId, role: ROLE_PROBE };
    const seat = mySeat({ ...key, facts, me });
    const basis = JSON.stringify({ seed: drawn.seed, target });
    return seat === undefined ? [] : [{ ...key, seat, basis }];
  });
}

/** The seats of a role that re-runs samples, over the logs committed for the epoch; none if the seed came too late. */
function samplingDuties(facts: Facts, me: Address, epoch: bigint, role: Role): Duty[] {
  const drawn = facts.seed(epoch);
  if (!drawn || drawn.drawnAt >= facts.times(epoch).commitEnd) return [];
  return facts.promises.in(epoch).flatMap(({ provider, modelId }) => {
    const log = facts.log(provider, modelId, epoch);
    if (!log || log.m === 0) return [];
    const key: Key = { epoch, provider, modelId, role };
    if (role === ROLE_REDRAW && !needsRedraw(facts, key)) return [];
    const seat = mySeat({ ...key, facts, me });
    const { root, count, units, m } = log;
    const basis = JSON.stringify({ seed: drawn.seed, root, count, units: units.toString(), m });
    return seat === undefined ? [] : [{ ...key, seat, basis }];
  });
}

/**
 * Re-run seats of `epoch`, drawn from seed(e) over the logs committed for it. None if the seed was drawn at or after
 * commitEnd (section 3) or a log has no samples.
 */
export const rerunDuties = (facts: Facts, me: Address, epoch: bigint): Duty[] =>
  samplingDuties(facts, me, epoch, ROLE_RERUN);

/** Redraw seats of `epoch`, for records whose first round was below quorum: known once that round's reveals are over. */
export const redrawDuties = (facts: Facts, me: Address, epoch: bigint): Duty[] =>
  samplingDuties(facts, me, epoch, ROLE_REDRAW);
