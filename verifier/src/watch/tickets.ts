import type { Ticket } from "@surety/protocol";
import type { Address } from "viem";

const NEVER = 2n ** 64n - 1n;

/** The array of tickets, as the events build it. */
export type Tickets = {
  bought(verifier: Address, index: number, from: bigint): void;
  returned(index: number, until: bigint): void;
  ejected(verifier: Address, until: bigint): void;
  /** Verifiers that are ejected in an epoch, with the places of tickets that were not returned, of whoever has any. */
  heldByEjected(epoch: bigint): { verifier: Address; indexes: number[] }[];
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
  /** Until which epoch a verifier is ejected. */
  const ejections = new Map<Address, bigint>();
  return {
    bought(verifier, index, from) {
      places[index] = { verifier, from, until: NEVER };
      firstFrom[index] ??= from;
    },
    returned(index, until) {
      const place = places[index];
      if (place) places[index] = { ...place, until };
    },
    ejected: (verifier, until) => ejections.set(verifier, until),
    heldByEjected: (epoch) =>
      [...ejections].flatMap(([verifier, until]) => {
        if (epoch >= until) return [];
        const indexes = places.flatMap((place, i) => (place.verifier === verifier && place.until === NEVER ? [i] : []));
        return indexes.length === 0 ? [] : [{ verifier, indexes }];
      }),
    all: () => places,
    lengthFor: (epoch) => firstFrom.findLastIndex((from) => from <= epoch) + 1,
  };
}
