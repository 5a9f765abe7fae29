import { ROLE_REDRAW, ROLE_RERUN } from "@surety/protocol";
import { createAssignments } from "./assignments.ts";
import { createCommitments } from "./commitments.ts";
import { createIdentity } from "./identity.ts";
import { createLeaves } from "./leaves.ts";
import { openWork } from "./open.ts";
import { createOwnOutputsTable } from "./own-outputs.ts";
import { createProbes } from "./probes.ts";
import type { Assignment, Key } from "./types.ts";

export * from "./assignments.ts";
export * from "./commitments.ts";
export * from "./identity.ts";
export * from "./leaves.ts";
export * from "./own-outputs.ts";
export * from "./probes.ts";
export * from "./types.ts";

/** The seat of the other round that this verifier has on the same record: the two share its leaves. */
export const otherRerun = ({ assignments }: Pick<Store, "assignments">, key: Key): Assignment | undefined =>
  assignments.get({ ...key, role: key.role === ROLE_RERUN ? ROLE_REDRAW : ROLE_RERUN });

/** Everything the verifier knows of its own work. */
export type Store = ReturnType<typeof createStore>;

/**
 * The verifier's state in one SQLite file: a unit of work is one row that moves from left to right, and what belongs
 * together is written in one transaction, so that a step killed anywhere can be taken up again.
 * @param path file, or `:memory:`
 */
export function createStore(path: string) {
  const { db, transaction, close } = openWork(path);
  return {
    identity: createIdentity(db),
    assignments: createAssignments(db),
    probes: createProbes(db),
    leaves: createLeaves(db),
    own: createOwnOutputsTable(db),
    commitments: createCommitments(db),
    /** Runs synchronous `work` in one transaction. */
    transact: transaction,
    /** The oldest epoch of which probes or leaves are kept; undefined if there are none. */
    oldest: (): bigint | undefined => {
      const row = db
        .prepare("SELECT min(epoch) AS epoch FROM (SELECT epoch FROM probe UNION SELECT epoch FROM leaf)")
        .get();
      return typeof row?.epoch === "number" ? BigInt(row.epoch) : undefined;
    },
    /** Drops probes, leaves and own outputs of epochs before `epoch`, once nothing can be asked of them; assignments stay. */
    prune: (epoch: bigint): void => {
      transaction(() => {
        db.prepare("DELETE FROM probe WHERE epoch < ?").run(epoch);
        db.prepare("DELETE FROM leaf WHERE epoch < ?").run(epoch);
        db.prepare("DELETE FROM own_output WHERE epoch < ?").run(epoch);
      });
    },
    close,
  };
}
