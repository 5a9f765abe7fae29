import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SuretyError } from "@surety/protocol";
import { lockDirectory } from "./directory-lock.ts";

/** A SQLite database with its migrations done. */
export type Store = {
  readonly db: DatabaseSync;
  /**
   * Brings the tables of one part to their latest form; each part has a list of its own.
   *
   * @param part Who owns the tables, e.g. "transactions".
   * @param steps SQL in order. What was released is never edited or removed, only added to.
   * @throws SuretyError STORE_NEWER, STORE_CHANGED, STORE_MIGRATION.
   */
  migrate(part: string, steps: readonly string[]): void;
  /** Runs something synchronous in one transaction: all of it is kept or none. Inside another it is a part of that. */
  transaction<T>(run: () => T): T;
  /** Closes the database and gives the directory free. */
  close(): void;
};

/** Which database to open. */
export type StoreOptions = {
  directory: string;
  /** Default "state.sqlite". */
  file?: string;
  /** The program's own tables; see {@link Store.migrate}. */
  migrations?: readonly string[];
};

/** Opens the database of one process: the directory is locked, and a second process on it is refused with STORE_IN_USE. */
export function openStore({ directory, file = "state.sqlite", migrations = [] }: StoreOptions): Store {
  const lock = lockDirectory(directory);
  try {
    const store = openDatabase(join(directory, file));
    store.migrate("program", migrations);
    const close = () => {
      store.close();
      lock.release();
    };
    return { ...store, close };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** SQLite's result codes for a file that is no database or a damaged one. */
const DAMAGED = new Set([11, 26]);

/**
 * Opens a database that survives a power cut: write-ahead log, flushed to the disk at every commit.
 *
 * @throws SuretyError STORE_DAMAGED, STORE_UNWRITABLE.
 */
export function openDatabase(path: string): Store {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: 5_000 });
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    db.exec(
      "CREATE TABLE IF NOT EXISTS migrations (part TEXT, step INTEGER, hash TEXT NOT NULL, PRIMARY KEY (part, step)) STRICT",
    );
  } catch (cause) {
    db?.close();
    const { errcode = 0 } = cause as { errcode?: number };
    const damaged = DAMAGED.has(errcode & 0xff);
    const advice = damaged
      ? "is damaged or no database; restore it from a backup"
      : "cannot be opened; check the path and its rights";
    const message = `${path} ${advice} (${(cause as Error).message}).`;
    throw new SuretyError(damaged ? "STORE_DAMAGED" : "STORE_UNWRITABLE", message, { cause, details: { path } });
  }
  const opened = db;
  const transaction = <T>(run: () => T): T => inTransaction(opened, run);
  return {
    db: opened,
    transaction,
    migrate: (part, steps) => transaction(() => migrate(opened, path, part, steps)),
    close: () => opened.close(),
  };
}

function inTransaction<T>(db: DatabaseSync, run: () => T): T {
  const nested = db.isTransaction;
  db.exec(nested ? "SAVEPOINT nested" : "BEGIN IMMEDIATE");
  try {
    const result = run();
    if (result instanceof Promise) throw new TypeError("a transaction is synchronous: do the waiting before it");
    db.exec(nested ? "RELEASE nested" : "COMMIT");
    return result;
  } catch (error) {
    // SQLite may have ended the transaction itself, for example when the disk is full.
    if (db.isTransaction) db.exec(nested ? "ROLLBACK TO nested; RELEASE nested" : "ROLLBACK");
    throw error;
  }
}

function migrate(db: DatabaseSync, path: string, part: string, steps: readonly string[]): void {
  const done = db.prepare("SELECT step, hash FROM migrations WHERE part = ? ORDER BY step").all(part);
  const details = { path, part, have: done.length, need: steps.length };
  if (done.length > steps.length) {
    const message = `${path} was written by a newer version (${part}: step ${done.length}, this version knows ${steps.length}). Update this program.`;
    throw new SuretyError("STORE_NEWER", message, { details });
  }
  for (const [step, sql] of steps.entries()) {
    const hash = createHash("sha256").update(sql).digest("hex");
    const earlier = done[step];
    if (earlier === undefined) {
      apply(db, path, part, step, sql);
      db.prepare("INSERT INTO migrations (part, step, hash) VALUES (?, ?, ?)").run(part, step, hash);
    } else if (earlier.hash !== hash) {
      const message = `${path} was made by another form of step ${step} of ${part}; steps are added, never edited.`;
      throw new SuretyError("STORE_CHANGED", message, { details });
    }
  }
}

function apply(db: DatabaseSync, path: string, part: string, step: number, sql: string): void {
  try {
    db.exec(sql);
  } catch (cause) {
    const message = `${path} could not be brought to step ${step} of ${part}: ${(cause as Error).message}. Nothing was changed.`;
    throw new SuretyError("STORE_MIGRATION", message, { cause });
  }
}
