import type { DatabaseSync } from "node:sqlite";
import type { CourtProof } from "@surety/sdk";
import { type Address, type Hex, zeroAddress } from "viem";
import { type Round, roundOf } from "../deadlines.ts";
import type { Key, LeafRow } from "./types.ts";

type Row = Record<string, unknown>;

/** A leaf as a seat of a round sees it: what was run for the redraw alone is no result of the first round's seat. */
const toLeaf = (row: Row, round: Round): LeafRow => ({
  epoch: BigInt(row.epoch as number),
  provider: row.provider as Address,
  modelId: row.model_id as Hex,
  index: row.idx as number,
  prefix: BigInt(row.prefix as string),
  units: BigInt(row.units as string),
  sealed: row.sealed as Hex,
  inputs: row.inputs as Uint8Array,
  ...((row.round as number) > round
    ? { native: null, wasm: null, failure: null }
    : {
        native: row.native as Uint8Array | null,
        wasm: row.wasm as Uint8Array | null,
        failure: row.failure as string | null,
      }),
  outputs: row.outputs as Uint8Array | null,
  verdict: row.verdict as string | null,
  proof: row.proof === null ? null : readProof(row.proof as string),
  salt: row.salt as Hex | null,
});

/** A proof as it is kept: JSON, large numbers as decimal strings. */
const writeProof = (proof: CourtProof | null): string | null =>
  proof && JSON.stringify(proof, (_, value) => (typeof value === "bigint" ? value.toString() : value));

function readProof(text: string): CourtProof {
  const { leaf, path } = JSON.parse(text);
  return {
    leaf: { ...leaf, epoch: BigInt(leaf.epoch), servedAtMs: BigInt(leaf.servedAtMs) },
    path: path.map(({ hash, sum }: { hash: Hex; sum: string }) => ({ hash, sum: BigInt(sum) })),
  };
}

/** A leaf's name. */
export type LeafKey = Pick<LeafRow, "epoch" | "provider" | "modelId" | "index">;
/** A leaf as it is opened, checked. */
export type OpenedLeaf = LeafKey & Pick<LeafRow, "prefix" | "units" | "sealed" | "inputs" | "proof">;

/** A leaf's place in its log, and whether its outputs were opened. */
export type LeafPlace = Pick<LeafRow, "index" | "prefix" | "units"> & { isOpen: boolean };

/** Sampled leaves by record: the seats of one record share them. */
export type Leaves = ReturnType<typeof createLeaves>;

/** Queries on the table of sampled leaves. */
export function createLeaves(db: DatabaseSync) {
  const byKey = "epoch = ? AND provider = ? AND model_id = ? AND idx = ?";
  const insert = db.prepare(
    "INSERT OR IGNORE INTO leaf (epoch, provider, model_id, idx, prefix, units, sealed, inputs, proof) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const of = db.prepare("SELECT * FROM leaf WHERE epoch = ? AND provider = ? AND model_id = ? ORDER BY idx");
  const places = db.prepare(
    "SELECT idx, prefix, units, outputs IS NOT NULL AS open FROM leaf WHERE epoch = ? AND provider = ? AND model_id = ? ORDER BY idx",
  );
  const rerun = db.prepare(`UPDATE leaf SET native = ?, wasm = ?, failure = ?, round = ? WHERE ${byKey}`);
  const open = db.prepare(`UPDATE leaf SET outputs = ?, salt = ? WHERE ${byKey} AND outputs IS NULL`);
  const judge = db.prepare(`UPDATE leaf SET verdict = ? WHERE ${byKey}`);
  const verdicts = db.prepare("SELECT verdict, count(*) AS n FROM leaf WHERE verdict IS NOT NULL GROUP BY verdict");
  const signed = db.prepare(
    "SELECT count(*) AS n, coalesce(sum(json_extract(proof, '$.leaf.client') <> ?), 0) AS signed FROM leaf WHERE provider = ? AND model_id = ? AND proof IS NOT NULL",
  );
  const remove = db.prepare("DELETE FROM leaf WHERE epoch = ? AND provider = ? AND model_id = ?");
  const args = (l: LeafKey) => [l.epoch, l.provider, l.modelId, l.index] as const;

  return {
    /** Keeps a checked leaf; the first stands. */
    add: (l: OpenedLeaf): void => {
      insert.run(...args(l), l.prefix.toString(), l.units.toString(), l.sealed, l.inputs, writeProof(l.proof));
    },
    /** Leaves with the results that the seat committed to, or may still. */
    of: (key: Key): LeafRow[] =>
      of.all(key.epoch, key.provider, key.modelId).map((row) => toLeaf(row, roundOf(key.role))),
    /** Where the leaves stand and whether their outputs are there, without what is in them. */
    places: (key: Omit<Key, "role">): LeafPlace[] =>
      places.all(key.epoch, key.provider, key.modelId).map((row) => ({
        index: row.idx as number,
        prefix: BigInt(row.prefix as string),
        units: BigInt(row.units as string),
        isOpen: row.open === 1,
      })),
    /** Keeps own outputs, which count from `round` on. */
    rerun: (l: LeafKey, own: Pick<LeafRow, "native" | "wasm" | "failure">, round: Round): void => {
      rerun.run(own.native, own.wasm, own.failure, round, ...args(l));
    },
    /** Keeps opened outputs that the leaf seals with this salt; the first stands. */
    open: (l: LeafKey, outputs: Uint8Array, salt: Hex): void => {
      open.run(outputs, salt, ...args(l));
    },
    judge: (l: LeafKey, verdict: string): void => {
      judge.run(verdict, ...args(l));
    },
    /** How many rows have each verdict. */
    verdicts: (): Record<string, number> =>
      Object.fromEntries(verdicts.all().map((row) => [row.verdict as string, row.n as number])),
    /** How many of a record's sampled leaves that are kept name a client, and how many there are. */
    signed: ({ provider, modelId }: Pick<Key, "provider" | "modelId">): { signed: number; all: number } => {
      const row = signed.get(zeroAddress, provider, modelId);
      return { signed: Number(row?.signed), all: Number(row?.n) };
    },
    remove: (key: Omit<Key, "role">): void => {
      remove.run(key.epoch, key.provider, key.modelId);
    },
  };
}
