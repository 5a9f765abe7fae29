import type { DatabaseSync } from "node:sqlite";
import type { Hex } from "viem";
import type { Round } from "../deadlines.ts";

/** The one commitment of an epoch's round. */
export type EpochCommitment = { epoch: bigint; round: Round; root: Hex; hash: Hex };

/** Commitments by epoch and round. */
export type Commitments = ReturnType<typeof createCommitments>;

/** Queries on the table of commitments: one row per epoch and round, never changed. */
export function createCommitments(db: DatabaseSync) {
  const insert = db.prepare("INSERT INTO commitment (epoch, round, root, hash) VALUES (?, ?, ?, ?)");
  const select = db.prepare("SELECT * FROM commitment WHERE epoch = ? AND round = ?");
  return {
    /** @throws an error of SQLite if the round has one: there is no second commitment */
    add: (c: EpochCommitment): void => {
      insert.run(c.epoch, c.round, c.root, c.hash);
    },
    get: (epoch: bigint, round: Round): EpochCommitment | undefined => {
      const row = select.get(epoch, round);
      return row && { epoch, round, root: row.root as Hex, hash: row.hash as Hex };
    },
  };
}
