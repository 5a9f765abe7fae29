import type { Store as Database } from "@surety/node-kit";
import { decodeEventLog, type Hex } from "viem";
import { type ChainEvent, events } from "./events.ts";

/** A log as it is kept: undecoded, so that what is kept is what the chain said. */
export type KeptLog = { block: bigint; index: number; topics: [Hex, ...Hex[]]; data: Hex; timestamp: bigint };

const MIGRATIONS = [
  `CREATE TABLE event (
    block INTEGER NOT NULL, idx INTEGER NOT NULL, topics TEXT NOT NULL, data TEXT NOT NULL, timestamp INTEGER NOT NULL,
    PRIMARY KEY (block, idx)
  ) STRICT, WITHOUT ROWID`,
];

/** All events read so far, in their order. */
export type EventStore = {
  add(log: KeptLog): void;
  /** Forgets what a reorganisation took back: blocks from this number on. */
  dropFrom(block: bigint): void;
  all(): Iterable<ChainEvent>;
};

/** Decodes a kept log. */
export const toEvent = ({ topics, data, timestamp, block }: KeptLog): ChainEvent =>
  ({ ...decodeEventLog({ abi: events, topics, data, strict: true }), timestamp, block }) as ChainEvent;

/** Opens the table of events in a database. Its rows are written in the transaction that moves the reader's cursor. */
export function openEvents({ db, migrate }: Database): EventStore {
  migrate("events", MIGRATIONS);
  const insert = db.prepare("INSERT INTO event VALUES (?, ?, ?, ?, ?)");
  const drop = db.prepare("DELETE FROM event WHERE block >= ?");
  const select = db.prepare("SELECT * FROM event ORDER BY block, idx");
  return {
    add: ({ block, index, topics, data, timestamp }) => {
      insert.run(block, index, topics.join(), data, timestamp);
    },
    dropFrom: (block) => {
      drop.run(block);
    },
    *all() {
      for (const row of select.iterate()) {
        yield toEvent({
          block: BigInt(row.block as number),
          index: row.idx as number,
          topics: (row.topics as string).split(",") as [Hex, ...Hex[]],
          data: row.data as Hex,
          timestamp: BigInt(row.timestamp as number),
        });
      }
    },
  };
}
