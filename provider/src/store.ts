import { join } from "node:path";
import type { SQLOutputValue } from "node:sqlite";
import { openStore } from "@surety/node-kit";
import { type Receipt, SuretyError } from "@surety/protocol";
import type { Address, Hex } from "viem";
import { RECEIPT_TABLES } from "./store-schema.ts";
import { openSyncer } from "./syncer.ts";

/** A receipt with all that its opening needs. */
export type StoredReceipt = {
  receipt: Receipt;
  sealed: Hex;
  leaf: Hex;
  /** Canonical bytes of the tensors. */
  inputs: Uint8Array;
  outputs: Uint8Array;
};

/** What of a receipt the epoch's tree is made of. */
export type StoredLeaf = { hash: Hex; units: number; slot: number };

/**
 * closed: no more receipts; committed: on chain; missed: the log window passed; unpromised: nothing to commit; pruned:
 * receipts forgotten.
 */
export type LogState = "closed" | "committed" | "missed" | "unpromised" | "pruned";

/** The receipts of one provider. */
export type ReceiptStore = {
  /** Resolves once the row survives a power cut; rows that wait together share one transaction and one sync. */
  append(row: StoredReceipt): Promise<void>;
  /** Receipts and units of an epoch. */
  totals(modelId: Hex, epoch: bigint): { count: number; units: bigint };
  leaves(modelId: Hex, epoch: bigint): StoredLeaf[];
  receipt(modelId: Hex, epoch: bigint, seq: number): StoredReceipt | null;
  logState(modelId: Hex, epoch: bigint): LogState | null;
  setLogState(modelId: Hex, epoch: bigint, state: LogState): void;
  /** The latest epoch that takes no more receipts. */
  closedThrough(modelId: Hex): bigint | null;
  /** Epochs of which something is kept, ascending. */
  epochs(modelId: Hex): bigint[];
  /** When the epoch was first seen to be settled, Unix seconds. */
  settledSeenAt(modelId: Hex, epoch: bigint): bigint | null;
  setSettledSeenAt(modelId: Hex, epoch: bigint, at: bigint): void;
  /** Forgets the receipts of an epoch, never that it is closed: its numbers must not be given again. */
  prune(modelId: Hex, epoch: bigint): void;
  /** A fact written once: the value that was there, else `value`. */
  remember(key: string, value: string): string;
  /** Writes what waits and gives the folder free. */
  close(): Promise<void>;
};

type Row = Record<string, SQLOutputValue>;
const blob = (hex: Hex): Buffer => Buffer.from(hex.slice(2), "hex");
const hexOf = (value: unknown): Hex => `0x${Buffer.from(value as Uint8Array).toString("hex")}`;

function restore(provider: Address, modelId: Hex, epoch: bigint, row: Row): StoredReceipt {
  return {
    receipt: {
      provider,
      modelId,
      epoch,
      seq: Number(row.seq),
      slot: Number(row.slot),
      client: row.client as Address,
      inputHash: hexOf(row.input_hash),
      outputHash: hexOf(row.output_hash),
      units: Number(row.units),
      servedAtMs: BigInt(row.served_at_ms as number),
      latencyMs: Number(row.latency_ms),
    },
    sealed: hexOf(row.sealed),
    leaf: hexOf(row.leaf),
    inputs: row.inputs as Uint8Array,
    outputs: row.outputs as Uint8Array,
  };
}

const FILE = "receipts.sqlite";

/**
 * Opens the receipts in a folder, which this process then holds alone: numbers are counted in memory.
 *
 * SQLite's own sync at each commit (synchronous = FULL) would stop the whole process for it. Here the commit only writes
 * the log that SQLite recovers from, and a receipt is handed out once that log is synced beside.
 * @throws SuretyError STORE_IN_USE and others of `openStore` of @surety/node-kit
 */
export async function openReceipts(directory: string, provider: Address): Promise<ReceiptStore> {
  const database = openStore({ directory, file: FILE, migrations: RECEIPT_TABLES });
  const { db } = database;
  db.exec("PRAGMA synchronous = NORMAL");
  const syncer = await openSyncer(join(directory, `${FILE}-wal`));
  const insert = db.prepare("INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const totals = db.prepare(
    "SELECT count(*) AS n, coalesce(sum(units), 0) AS u FROM receipt WHERE model = ? AND epoch = ?",
  );
  const leaves = db.prepare("SELECT seq, leaf, units, slot FROM receipt WHERE model = ? AND epoch = ? ORDER BY seq");
  // From one epoch of receipts straight to the next: reading them all would take longer with every request served.
  const epochs = db.prepare(
    `WITH RECURSIVE served (epoch) AS (
       SELECT min(epoch) FROM receipt WHERE model = :m
       UNION ALL
       SELECT (SELECT min(epoch) FROM receipt WHERE model = :m AND epoch > served.epoch) FROM served
         WHERE served.epoch IS NOT NULL
     )
     SELECT epoch FROM log WHERE model = :m AND state <> 'pruned'
     UNION SELECT epoch FROM served WHERE epoch IS NOT NULL ORDER BY epoch`,
  );
  const one = db.prepare("SELECT * FROM receipt WHERE model = ? AND epoch = ? AND seq = ?");
  const logRow = db.prepare("SELECT state, settled_seen_at FROM log WHERE model = ? AND epoch = ?");
  const setLog = db.prepare(
    "INSERT INTO log (model, epoch, state) VALUES (?, ?, ?) ON CONFLICT (model, epoch) DO UPDATE SET state = excluded.state",
  );

  const models = new Map<Hex, number>();
  const idOf = (modelId: Hex): number => {
    let id = models.get(modelId);
    if (id === undefined) {
      db.prepare("INSERT INTO model (model_id) VALUES (?) ON CONFLICT DO NOTHING").run(modelId);
      id = Number(db.prepare("SELECT id FROM model WHERE model_id = ?").get(modelId)?.id);
      models.set(modelId, id);
    }
    return id;
  };

  type Waiting = { row: StoredReceipt; resolve: () => void; reject: (error: unknown) => void };
  let waiting: Waiting[] = [];
  const write = ({ receipt: r, sealed, leaf, inputs, outputs }: StoredReceipt): void => {
    insert.run(
      idOf(r.modelId),
      Number(r.epoch),
      r.seq,
      r.slot,
      r.client,
      blob(r.inputHash),
      blob(r.outputHash),
      blob(sealed),
      r.units,
      Number(r.servedAtMs),
      r.latencyMs,
      blob(leaf),
      inputs,
      outputs,
    );
  };
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      database.transaction(() => {
        for (const { row } of batch) write(row);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return;
    }
    void syncer.sync().then(
      () => {
        for (const { resolve } of batch) resolve();
      },
      (error: unknown) => {
        for (const { reject } of batch) reject(error);
      },
    );
  };

  return {
    append: (row) =>
      new Promise((resolve, reject) => {
        idOf(row.receipt.modelId);
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ row, resolve, reject });
      }),
    totals: (modelId, epoch) => {
      flush();
      const row = totals.get(idOf(modelId), Number(epoch));
      return { count: Number(row?.n), units: BigInt(row?.u as number) };
    },
    leaves: (modelId, epoch) => {
      flush();
      return leaves.all(idOf(modelId), Number(epoch)).map((row, index) => {
        if (row.seq !== index) {
          const message = `Receipt ${index} of epoch ${epoch} is not in the store, ${row.seq} is: restore it from a backup.`;
          throw new SuretyError("PROVIDER_STORE_GAP", message);
        }
        return { hash: hexOf(row.leaf), units: Number(row.units), slot: Number(row.slot) };
      });
    },
    receipt: (modelId, epoch, seq) => {
      const row = one.get(idOf(modelId), Number(epoch), seq);
      return row === undefined ? null : restore(provider, modelId, epoch, row);
    },
    logState: (modelId, epoch) => (logRow.get(idOf(modelId), Number(epoch))?.state as LogState | undefined) ?? null,
    setLogState: (modelId, epoch, state) => {
      setLog.run(idOf(modelId), Number(epoch), state);
    },
    closedThrough: (modelId) => {
      const last = db.prepare("SELECT max(epoch) AS e FROM log WHERE model = ?").get(idOf(modelId))?.e;
      return typeof last === "number" ? BigInt(last) : null;
    },
    epochs: (modelId) => epochs.all({ m: idOf(modelId) }).map((row) => BigInt(row.epoch as number)),
    settledSeenAt: (modelId, epoch) => {
      const at = logRow.get(idOf(modelId), Number(epoch))?.settled_seen_at;
      return typeof at === "number" ? BigInt(at) : null;
    },
    setSettledSeenAt: (modelId, epoch, at) => {
      db.prepare("UPDATE log SET settled_seen_at = ? WHERE model = ? AND epoch = ?").run(
        Number(at),
        idOf(modelId),
        Number(epoch),
      );
    },
    prune: (modelId, epoch) => {
      setLog.run(idOf(modelId), Number(epoch), "pruned");
      db.prepare("DELETE FROM receipt WHERE model = ? AND epoch = ?").run(idOf(modelId), Number(epoch));
    },
    remember: (key, value) => {
      db.prepare("INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING").run(key, value);
      return String(db.prepare("SELECT value FROM meta WHERE key = ?").get(key)?.value);
    },
    close: async () => {
      flush();
      await syncer.close();
      database.close();
    },
  };
}
