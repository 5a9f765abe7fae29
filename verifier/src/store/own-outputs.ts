import type { DatabaseSync } from "node:sqlite";
import type { Key, OwnOutputs } from "./types.ts";

/** Outputs on own inputs by assignment. */
export type OwnOutputsTable = ReturnType<typeof createOwnOutputsTable>;

/** Queries on the table of what seats computed from inputs of their own: one row per assignment, never changed. */
export function createOwnOutputsTable(db: DatabaseSync) {
  const byKey = "epoch = ? AND provider = ? AND model_id = ? AND role = ?";
  const insert = db.prepare("INSERT OR IGNORE INTO own_output VALUES (?, ?, ?, ?, ?, ?)");
  const select = db.prepare(`SELECT native, wasm FROM own_output WHERE ${byKey}`);
  const remove = db.prepare(`DELETE FROM own_output WHERE ${byKey}`);
  const args = (key: Key) => [key.epoch, key.provider, key.modelId, key.role] as const;
  return {
    /** Keeps outputs; the first stand. */
    add: (key: Key, { native, wasm }: OwnOutputs): void => {
      insert.run(...args(key), native, wasm);
    },
    get: (key: Key): OwnOutputs | undefined => {
      const row = select.get(...args(key));
      return row && { native: row.native as Uint8Array, wasm: row.wasm as Uint8Array };
    },
    remove: (key: Key): void => {
      remove.run(...args(key));
    },
  };
}
