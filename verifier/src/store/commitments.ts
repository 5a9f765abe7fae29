import type { DatabaseSync } from "node:sqlite";
import type { Hex } from "viem";

/** The one commitment of an epoch. */
export type EpochCommitment = { epoch: bigint; root: Hex; hash: Hex };

/** Commitments by epoch. */
export type Commitments = ReturnType<typeof createCommitments>;

/** Queries on the table of commitments: one row per epoch, never changed. */
export function createCommitments(db: DatabaseSync) {
  const insert = db.prepare("INSERT INTO commitment (epoch, root, hash) VALUES (?, ?, ?)");
  const select = db.prepare("SELECT * FROM commitment WHERE epoch = ?");
  return {
    /** @throws an error of SQLite if the epoch has one: there is no second commitment */
    add: (c: EpochCommitment): void => {
      insert.run(c.epoch, c.root, c.hash);
    },
    get: (epoch: bigint): EpochCommitment | undefined => {
      const row = select.get(epoch);
      return row && { epoch, root: row.root as Hex, hash: row.hash as Hex };
    },
  };
}
