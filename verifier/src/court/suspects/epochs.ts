import type { Moment } from "../../ports.ts";
import type { Facts } from "../../watch/facts.ts";
import { revealsEnd } from "../../watch/redraw.ts";

/** Epochs whose reveals are over and that can be disputed, late settlements left aside; the latest first. */
export function disputable(facts: Facts, { seen, epoch: current }: Pick<Moment, "seen" | "epoch">): bigint[] {
  const found: bigint[] = [];
  for (let epoch = current; epoch >= 0n && seen < facts.times(epoch).disputeEnd; epoch--) {
    // Where re-runs are below quorum, the redraw's reveals are yet to come.
    const ends = facts.promises.in(epoch).map((record) => revealsEnd(facts, { ...record, epoch }));
    if (seen >= facts.times(epoch).revealEnd && ends.every((end) => seen >= end)) found.push(epoch);
  }
  return found;
}

/**
 * Looks at every epoch once, when its reveals are over and it is ripe, and keeps what was found as long as it is news. After a start, and
 * after a reorganisation, it looks again.
 */
export function onceAnEpoch<T extends { isNew: () => boolean }>(
  getFacts: () => Facts,
  look: (epoch: bigint) => T[],
  isRipe: (epoch: bigint, now: Moment) => boolean = () => true,
): (now: Moment) => T[] {
  const done = new Set<bigint>();
  let pending: T[] = [];
  let known: Facts | undefined;
  return (now) => {
    if (getFacts() !== known) {
      known = getFacts();
      done.clear();
      pending = [];
    }
    for (const epoch of disputable(getFacts(), now)) {
      if (done.has(epoch) || !isRipe(epoch, now)) continue;
      done.add(epoch);
      pending.push(...look(epoch));
    }
    pending = pending.filter(({ isNew }) => isNew());
    return pending;
  };
}
