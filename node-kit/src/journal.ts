import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { SuretyError } from "@surety/protocol";
import { type Address, type Hex, isAddress, isHex } from "viem";
import { openDatabase } from "./store.ts";

/** What may be signed once only: one act of one signer towards one contract. */
export type JournalKey = {
  chainId: number;
  contract: Address;
  /** The sort of act, e.g. "commitment". */
  kind: string;
  /** Which one, e.g. "epoch 7 round 0". */
  key: string;
  signer: Address;
};

/** What is about to be signed: its digest (32 bytes) and what is needed to make it again. */
export type JournalEntry = JournalKey & { digest: Hex; payload: string };

/** The record of everything that was signed, kept apart from all other state: it must survive where they need not. */
export type Journal = {
  /**
   * Writes down what is about to be signed, flushed to the disk before it returns; call it before every signature that must not
   * exist twice. For the same digest it returns what was written the first time, payload included: sign that.
   *
   * @returns The entry that stands, and whether it is new.
   * @throws SuretyError JOURNAL_CONFLICT if another digest stands under this key: never sign then. JOURNAL_MALFORMED.
   */
  reserve(entry: JournalEntry): { entry: JournalEntry; isNew: boolean };
  /** @returns What was written under this key, if anything. */
  find(key: JournalKey): JournalEntry | undefined;
  /** All entries, oldest first. */
  entries(): JournalEntry[];
  close(): void;
};

const MIGRATIONS = [
  `CREATE TABLE journal (
    chain_id INTEGER NOT NULL, contract TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, signer TEXT NOT NULL,
    digest TEXT NOT NULL, payload TEXT NOT NULL, written_at TEXT NOT NULL DEFAULT (datetime('now')),
    PRIMARY KEY (chain_id, contract, kind, key, signer)
  ) STRICT`,
];

const COLUMNS = "chain_id, contract, kind, key, signer, digest, payload";

/**
 * Opens `journal.sqlite` in a directory. Several processes may share one: the database itself keeps a key unique, so two that
 * disagree cannot both sign.
 */
export function openJournal(directory: string): Journal {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const store = openDatabase(join(directory, "journal.sqlite"));
  store.migrate("journal", MIGRATIONS);
  const insert = store.db.prepare(
    `INSERT INTO journal (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const select = store.db.prepare(
    `SELECT ${COLUMNS} FROM journal WHERE chain_id = ? AND contract = ? AND kind = ? AND key = ? AND signer = ?`,
  );
  const all = store.db.prepare(`SELECT ${COLUMNS} FROM journal ORDER BY rowid`);

  const find = (key: JournalKey) => {
    const row = select.get(...keyColumns(key));
    return row && toEntry(row);
  };
  return {
    find,
    entries: () => all.all().map(toEntry),
    close: store.close,
    reserve(entry) {
      check(entry);
      return store.transaction(() => {
        const digest = entry.digest.toLowerCase();
        const isNew = insert.run(...keyColumns(entry), digest, entry.payload).changes === 1;
        const standing = find(entry);
        if (!standing) throw new SuretyError("JOURNAL_UNWRITABLE", "The journal did not keep what was written to it.");
        if (standing.digest !== digest) throw conflict(entry, standing);
        return { entry: standing, isNew };
      });
    },
  };
}

function keyColumns({ chainId, contract, kind, key, signer }: JournalKey) {
  return [chainId, contract.toLowerCase(), kind, key, signer.toLowerCase()] as const;
}

function toEntry(row: Record<string, unknown>): JournalEntry {
  const { chain_id, contract, kind, key, signer, digest, payload } = row;
  return { chainId: chain_id, contract, kind, key, signer, digest, payload } as JournalEntry;
}

function check({ chainId, contract, kind, key, signer, digest }: JournalEntry): void {
  const wrong = (what: string, value: unknown, expected: string) =>
    new SuretyError("JOURNAL_MALFORMED", `The journal got ${what} ${JSON.stringify(value)}; expected ${expected}.`);
  if (!Number.isSafeInteger(chainId) || chainId < 1) throw wrong("chain id", chainId, "a whole number from 1");
  for (const [what, value] of [
    ["contract", contract],
    ["signer", signer],
  ] as const)
    if (!isAddress(value, { strict: false })) throw wrong(what, value, "an address");
  for (const [what, value] of [
    ["kind", kind],
    ["key", key],
  ] as const)
    if (typeof value !== "string" || value === "") throw wrong(what, value, "a text");
  if (!isHex(digest) || digest.length !== 66) throw wrong("digest", digest, "32 bytes in hexadecimal");
}

function conflict(entry: JournalEntry, standing: JournalEntry): SuretyError {
  const { kind, key, signer, contract, chainId } = standing;
  const message = `Refused to sign a second ${kind} for "${key}" by ${signer}: ${standing.digest} was signed before, this one is ${entry.digest}. Send the first one again, or nothing.`;
  const details = { chainId, contract, kind, key, signer, have: standing.digest, need: entry.digest };
  return new SuretyError("JOURNAL_CONFLICT", message, { details });
}
