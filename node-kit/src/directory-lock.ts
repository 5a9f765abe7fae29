import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SuretyError } from "@surety/protocol";

/** A directory held by this process. */
export type DirectoryLock = { directory: string; release(): void };

/** SQLite's result code for a file that another connection holds. */
const SQLITE_BUSY = 5;

/**
 * Takes a directory for this process alone, making it (mode 0700) if it is not there. The lock is one of the operating
 * system on an open SQLite file: it ends with the process, also with `kill -9`, and never has to be cleaned up.
 *
 * @throws SuretyError STORE_IN_USE if any process, this one included, holds it; STORE_UNWRITABLE.
 */
export function lockDirectory(directory: string): DirectoryLock {
  let db: DatabaseSync | undefined;
  const owner = join(directory, "owner");
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    db = new DatabaseSync(join(directory, "lock.sqlite"), { timeout: 0 });
    db.exec("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
    writeFileSync(owner, `process ${process.pid} since ${new Date().toISOString()}`);
  } catch (cause) {
    db?.close();
    const { errcode, code } = cause as { errcode?: number; code?: string };
    if (errcode === SQLITE_BUSY) {
      const message = `${directory} is in use by ${readOwner(owner)}. Stop that process, or give this one a directory of its own.`;
      throw new SuretyError("STORE_IN_USE", message, { cause, details: { directory } });
    }
    const message = `${directory} cannot be used (${code}: ${(cause as Error).message}); expected a directory that this user may write.`;
    throw new SuretyError("STORE_UNWRITABLE", message, { cause, details: { directory } });
  }
  const held = db;
  let released = false;
  return {
    directory,
    release() {
      if (released) return;
      released = true;
      rmSync(owner, { force: true });
      held.close();
    },
  };
}

function readOwner(path: string): string {
  try {
    return readFileSync(path, "utf8").slice(0, 100);
  } catch {
    // The owner is still writing it, or has just left: its name is a courtesy, the lock is what counts.
    return "another process";
  }
}
