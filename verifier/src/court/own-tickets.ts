import type { Jobs } from "../jobs.ts";
import type { Step, StepDeps } from "../ports.ts";
import type { Facts } from "../watch/facts.ts";
import { NEVER } from "../watch/tickets.ts";
import type { CourtReads } from "./reads.ts";

type Deps = Pick<StepDeps, "facts" | "me" | "log"> & { jobs: Jobs; reads: CourtReads };

/**
 * Tells the operator what becomes of this verifier's own seats: which tickets a slash has left without stake, so that
 * anybody may return them, and which were returned. It returns none itself: bonding more keeps them.
 */
export function createOwnTickets({ facts: getFacts, me, reads, log, jobs }: Deps): Step {
  let known: Facts | undefined;
  /** The slash that was looked at last, and the tickets held then. */
  let looked = "";
  /** Tickets of which was told until when they count. */
  const told = new Set<string>();

  const look = async (slashes: number, indexes: readonly number[]): Promise<void> => {
    const { count, have, need } = await reads.unbacked(me);
    const facts = { slashes, tickets: indexes.length, have, need };
    looked = `${slashes} ${indexes.join()}`;
    if (count === 0) return log.info(facts, "stake was taken; what is left backs all own tickets");
    const message = "stake was taken: anybody may return tickets that none backs; `surety verifier bond` keeps them";
    log.warn({ ...facts, unbacked: count }, message);
  };

  return {
    name: "own-tickets",
    advance({ epoch }) {
      const facts = getFacts();
      if (facts !== known) {
        // A reorganisation may have taken back what was told.
        looked = "";
        told.clear();
      }
      known = facts;
      const own = facts.heldBySlashed().find(({ verifier }) => verifier === me);
      if (own && looked !== `${own.slashes} ${own.indexes.join()}`) {
        jobs.run("own-tickets", () => look(own.slashes, own.indexes));
      }
      for (const [index, { verifier, until }] of facts.tickets().entries()) {
        const name = `${index} ${until}`;
        if (verifier !== me || until === NEVER || until <= epoch || told.has(name)) continue;
        told.add(name);
        log.warn({ ticket: index, until }, "an own ticket was returned: it is drawn for no epoch from `until` on");
      }
    },
  };
}
