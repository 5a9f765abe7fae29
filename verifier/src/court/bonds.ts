import type { Sender, StepDeps } from "../ports.ts";
import { type CourtTerms, maxBound } from "./limits.ts";
import type { BondRoom, CourtReads } from "./reads.ts";

type Deps = Pick<StepDeps, "facts" | "me" | "log"> & { sender: Sender; reads: CourtReads };

/** Lets a room take one more bond. @param purpose names what it is for @returns whether it may, and the account has it */
export async function approveBond(deps: Deps, room: BondRoom, purpose: string): Promise<boolean> {
  const { facts, me, log, sender, reads } = deps;
  const [bond, { balance, allowance }] = await Promise.all([reads.bond(room), reads.purse(me, room)]);
  if (balance < bond) {
    log.warn({ room, have: balance, need: bond }, "the account lacks the bond that the court takes");
    return false;
  }
  if (allowance >= bond) return true;
  const key = `approve ${room} for ${purpose} after ${facts().court.made(me)}`;
  const act = { contract: "Asset", functionName: "approve", args: [reads.room(room), bond] } as const;
  return (await sender.send({ key, ...act })).status === "confirmed";
}

/** Whether one more bond of a room is within the terms. */
export async function isWithin({ facts, me, log, reads }: Deps, terms: CourtTerms, room: BondRoom): Promise<boolean> {
  const { court } = facts();
  const [demand, charge, { decimals }] = await Promise.all([
    reads.bond("Demands"),
    reads.bond("SeatCases"),
    reads.purse(me, room),
  ]);
  const demands = court.demands().filter(({ demander }) => demander === me).length;
  const charges = court.seatCases().filter(({ challenger }) => challenger === me).length;
  const bound = demand * BigInt(demands) + charge * BigInt(charges) + (room === "Demands" ? demand : charge);
  const most = maxBound(terms, decimals);
  if (bound > most) log.warn({ bound, most }, "an accusation takes a bond beyond what is set");
  return bound <= most;
}
