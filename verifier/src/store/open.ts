import { type Store as Database, openDatabase } from "@surety/node-kit";

const SCHEMA = `
CREATE TABLE assignment (
  epoch INTEGER NOT NULL, provider TEXT NOT NULL, model_id TEXT NOT NULL, role INTEGER NOT NULL,
  seat INTEGER NOT NULL, state TEXT NOT NULL, basis TEXT NOT NULL, reason TEXT, detail TEXT,
  report TEXT, data_root TEXT, salt TEXT, included INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (epoch, provider, model_id, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignment_state ON assignment (state, epoch);
CREATE TABLE probe (
  epoch INTEGER NOT NULL, provider TEXT NOT NULL, model_id TEXT NOT NULL, i INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, slot INTEGER NOT NULL, peak INTEGER NOT NULL, state TEXT NOT NULL,
  started_ms INTEGER, elapsed_ms REAL, timely INTEGER NOT NULL DEFAULT 0, at_capacity INTEGER NOT NULL DEFAULT 0,
  reason TEXT, receipt TEXT, signature TEXT, inputs BLOB, outputs BLOB, verdict TEXT,
  PRIMARY KEY (epoch, provider, model_id, i)
) STRICT;
CREATE INDEX probe_due ON probe (at_ms) WHERE state = 'planned';
CREATE INDEX probe_unjudged ON probe (epoch) WHERE state = 'answered' AND verdict IS NULL;
CREATE INDEX probe_sent ON probe (epoch) WHERE state = 'sent';
CREATE TABLE leaf (
  epoch INTEGER NOT NULL, provider TEXT NOT NULL, model_id TEXT NOT NULL, idx INTEGER NOT NULL,
  prefix TEXT NOT NULL, units TEXT NOT NULL, sealed TEXT NOT NULL, inputs BLOB NOT NULL,
  native BLOB, wasm BLOB, failure TEXT, outputs BLOB, verdict TEXT,
  PRIMARY KEY (epoch, provider, model_id, idx)
) STRICT;
CREATE TABLE identity (
  id INTEGER PRIMARY KEY CHECK (id = 1), chain_id INTEGER NOT NULL, hub TEXT NOT NULL, verifier TEXT NOT NULL
) STRICT;
CREATE TABLE commitment (
  epoch INTEGER PRIMARY KEY, root TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
`;

// What the court asks of a sampled leaf: its fields and path as JSON, and the salt that opened it.
const COURT = `
ALTER TABLE leaf ADD COLUMN proof TEXT;
ALTER TABLE leaf ADD COLUMN salt TEXT;
`;

// What a seat's own input gave: blobs may be empty.
const OWN = `
CREATE TABLE own_output (
  epoch INTEGER NOT NULL, provider TEXT NOT NULL, model_id TEXT NOT NULL, role INTEGER NOT NULL,
  native BLOB NOT NULL, wasm BLOB NOT NULL,
  PRIMARY KEY (epoch, provider, model_id, role)
) STRICT;
`;

// The redraw: a second commitment of an epoch, and results that a leaf got only then.
const REDRAW = `
CREATE TABLE round_commitment (
  epoch INTEGER NOT NULL, round INTEGER NOT NULL, root TEXT NOT NULL, hash TEXT NOT NULL,
  PRIMARY KEY (epoch, round)
) STRICT;
INSERT INTO round_commitment SELECT epoch, 0, root, hash FROM commitment;
DROP TABLE commitment;
ALTER TABLE round_commitment RENAME TO commitment;
ALTER TABLE leaf ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
`;

/** The tables, as they came to be: steps are only ever added. */
export const MIGRATIONS: readonly string[] = [SCHEMA, COURT, OWN, REDRAW];

/**
 * Opens the database of the verifier's work, made if there is none. A commit here survives the process, not a power cut: what
 * must survive that is in the journal, and the rest can be done again.
 * @param path file, or `:memory:`
 * @throws SuretyError STORE_DAMAGED, STORE_UNWRITABLE, STORE_NEWER
 */
export function openWork(path: string): Database {
  const database = openDatabase(path);
  database.db.exec("PRAGMA synchronous = NORMAL");
  database.migrate("verifier", MIGRATIONS);
  return database;
}
