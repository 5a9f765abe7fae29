import type { Ticket } from "@surety/protocol";
import type { Address } from "viem";

/** `until` of a ticket that was not returned. */
export const NEVER = 2n ** 64n - 1n;

/** Places of tickets of one verifier that were not returned: at least one. */
export type Held = { verifier: Address; indexes: number[] };

/** The array of tickets, as the events build it. */
export type Tickets = {
  bought(verifier: Address, index: number, from: bigint): void;
  returned(index: number, until: bigint): void;
  ejected(verifier: Address, until: bigint): void;
  /** Notes that stake of any account was taken. */
  slashed(account: Address): void;
  /** Verifiers that are ejected in an epoch and hold tickets. */
  heldByEjected(epoch: bigint): Held[];
  /** Verifiers that were slashed, so many times, and hold tickets. */
  heldBySlashed(): (Held & { slashes: number })[];
  /** All places; one that was returned keeps its holder until it is sold again. */
  all(): readonly Ticket[];
  /** Places at the end of epoch `epoch - 2`, the length that draws of `epoch` use. A purchase counts two epochs on. */
  lengthFor(epoch: bigint): number;
};

/** Makes an empty array of tickets. */
export function createTickets(): Tickets {
  const places: Ticket[] = [];
  /** First purchase of each place: its `from` is the purchase's epoch + 2. */
  const firstFrom: bigint[] = [];
  /** Places that were not returned, by holder. */
  const held = new Map<Address, Set<number>>();
  /** Until which epoch a verifier is ejected. */
  const ejections = new Map<Address, bigint>();
  const slashes = new Map<Address, number>();

  const heldBy = (verifier: Address): Held[] => {
    const indexes = [...(held.get(verifier) ?? [])];
    return indexes.length === 0 ? [] : [{ verifier, indexes }];
  };

  return {
    bought(verifier, index, from) {
      places[index] = { verifier, from, until: NEVER };
      firstFrom[index] ??= from;
      held.set(verifier, (held.get(verifier) ?? new Set()).add(index));
    },
    returned(index, until) {
      const place = places[index];
      if (!place) return;
      places[index] = { ...place, until };
      held.get(place.verifier)?.delete(index);
    },
    ejected: (verifier, until) => ejections.set(verifier, until),
    slashed: (account) => slashes.set(account, (slashes.get(account) ?? 0) + 1),
    heldByEjected: (epoch) => [...ejections].flatMap(([verifier, until]) => (epoch < until ? heldBy(verifier) : [])),
    heldBySlashed: () =>
      [...slashes].flatMap(([account, count]) => heldBy(account).map((one) => ({ ...one, slashes: count }))),
    all: () => places,
    lengthFor: (epoch) => firstFrom.findLastIndex((from) => from <= epoch) + 1,
  };
}
