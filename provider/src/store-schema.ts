/** The tables of a provider's receipts, in steps: what was released is only added to. */
export const RECEIPT_TABLES: readonly string[] = [
  `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE model (id INTEGER PRIMARY KEY, model_id TEXT NOT NULL UNIQUE) STRICT;
-- One row per receipt that was signed, or may have been. (model, epoch, seq) once: a second content would be slashed.
CREATE TABLE receipt (
  model INTEGER NOT NULL REFERENCES model (id),
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  client TEXT NOT NULL,
  input_hash BLOB NOT NULL,
  output_hash BLOB NOT NULL,
  sealed BLOB NOT NULL,
  units INTEGER NOT NULL,
  served_at_ms INTEGER NOT NULL,
  latency_ms INTEGER NOT NULL,
  leaf BLOB NOT NULL,
  inputs BLOB NOT NULL,
  outputs BLOB NOT NULL,
  PRIMARY KEY (model, epoch, seq)
) STRICT;
-- One row per epoch that takes no more receipts, from before its tree is built.
CREATE TABLE log (
  model INTEGER NOT NULL REFERENCES model (id),
  epoch INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('closed', 'committed', 'missed', 'unpromised', 'pruned')),
  settled_seen_at INTEGER,
  PRIMARY KEY (model, epoch)
) STRICT;
`,
];
