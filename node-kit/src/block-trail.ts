import type { Hash } from "viem";
import type { Store } from "./store.ts";

/** A block that was read, by number and hash. */
export type TrailBlock = { number: bigint; hash: Hash };

/** The blocks that a reader has taken in: enough of them to notice when the chain has changed below. */
export type BlockTrail = {
  /** The last block taken in. */
  tip(): TrailBlock | undefined;
  /** The last blocks up to a number, the highest first. */
  below(number: bigint): TrailBlock[];
  /** Forgets all blocks from a number on, and adds others. Call it inside a transaction. */
  advance(dropFrom: bigint | undefined, added: readonly TrailBlock[]): void;
};

const MIGRATIONS = [
  "CREATE TABLE trail (reader TEXT, number INTEGER, hash TEXT NOT NULL, PRIMARY KEY (reader, number)) STRICT, WITHOUT ROWID",
];

/** Of blocks older than the trail is long, every so many are kept: a very deep change of the chain ends at one of them. */
const LANDMARK = 1000;

/**
 * Opens a reader's trail in a store.
 *
 * @param length Blocks kept one by one behind the tip.
 */
export function openTrail(store: Store, reader: string, length: number): BlockTrail {
  store.migrate("trail", MIGRATIONS);
  const { db } = store;
  const last = db.prepare("SELECT number, hash FROM trail WHERE reader = ? ORDER BY number DESC LIMIT 1");
  const lower = db.prepare("SELECT number, hash FROM trail WHERE reader = ? AND number <= ? ORDER BY number DESC");
  const drop = db.prepare("DELETE FROM trail WHERE reader = ? AND number >= ?");
  const insert = db.prepare("INSERT INTO trail VALUES (?, ?, ?)");
  const prune = db.prepare("DELETE FROM trail WHERE reader = ? AND number < ? AND number % ? != 0");
  const toBlock = (row: Record<string, unknown>): TrailBlock => ({
    number: BigInt(row.number as number),
    hash: row.hash as Hash,
  });
  return {
    tip() {
      const row = last.get(reader);
      return row && toBlock(row);
    },
    below: (number) => lower.all(reader, number).map(toBlock),
    advance(dropFrom, added) {
      if (dropFrom !== undefined) drop.run(reader, dropFrom);
      for (const { number, hash } of added) insert.run(reader, number, hash);
      const tip = added.at(-1);
      if (tip) prune.run(reader, tip.number - BigInt(length), LANDMARK);
    },
  };
}
