import type { Address, Hash, Hex } from "viem";
import type { Store } from "./store.ts";
import type { Fees } from "./tx-fees.ts";
import type { GasFigures, Receipt } from "./tx-types.ts";

/**
 * `sent`: signed and perhaps with the node; `confirmed`, `reverted`: mined; `unknown`: its nonce was used by a transaction
 * that is not in this store; `withdrawn`: the node refused it and does not know it, its nonce is free again.
 */
export type TxState = "sent" | "confirmed" | "reverted" | "unknown" | "withdrawn";

/** One signed form of a transaction. All forms of a transaction have its nonce, so at most one is ever mined. */
export type Attempt = Fees & { hash: Hash; raw: Hex /** Chain time in seconds. */; sentAt: bigint };

/** A transaction as it is on the disk. */
export type TxRow = {
  key: string;
  nonce: number;
  /** Contract.function. */
  label: string;
  /** Hash over target, value and data: tells whether a key stands for the same call. */
  fingerprint: Hash;
  to: Address | undefined;
  data: Hex;
  value: bigint;
  gas: bigint;
  deadline: bigint | undefined;
  state: TxState;
  /** Oldest first. */
  attempts: Attempt[];
  /** Of a mined one. */
  receipt: Receipt | undefined;
};

/** The transactions of one account in a store. */
export type TxRows = {
  find(key: string): TxRow | undefined;
  /** What is `sent`, by nonce. */
  inFlight(): TxRow[];
  /** One above the highest nonce ever used here. */
  nextNonce(): number;
  /** Writes a transaction with its first signed form. A withdrawn one of the same key is replaced; its forms stay. */
  add(row: Omit<TxRow, "state" | "attempts" | "receipt">, attempt: Attempt): void;
  addAttempt(key: string, attempt: Attempt): void;
  settle(key: string, state: Exclude<TxState, "sent">, receipt?: Receipt): void;
  gasUsed(): Record<string, GasFigures>;
};

const MIGRATIONS = [
  `CREATE TABLE transactions (
    signer TEXT NOT NULL, key TEXT NOT NULL, nonce INTEGER, label TEXT NOT NULL, fingerprint TEXT NOT NULL,
    "to" TEXT, data TEXT NOT NULL, value TEXT NOT NULL, gas TEXT NOT NULL, deadline TEXT,
    state TEXT NOT NULL CHECK (state IN ('sent', 'confirmed', 'reverted', 'unknown', 'withdrawn')),
    receipt TEXT, gas_used INTEGER,
    PRIMARY KEY (signer, key), UNIQUE (signer, nonce)
  ) STRICT;
  CREATE TABLE attempts (
    hash TEXT PRIMARY KEY, signer TEXT NOT NULL, key TEXT NOT NULL, raw TEXT NOT NULL,
    max_fee TEXT NOT NULL, priority_fee TEXT NOT NULL, sent_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX attempts_by_key ON attempts (signer, key)`,
];

/** Opens the transactions of an account. */
export function openTxRows(store: Store, account: Address): TxRows {
  store.migrate("transactions", MIGRATIONS);
  const { db } = store;
  const signer = account.toLowerCase();
  const byKey = db.prepare("SELECT * FROM transactions WHERE signer = ? AND key = ?");
  const sent = db.prepare("SELECT * FROM transactions WHERE signer = ? AND state = 'sent' ORDER BY nonce");
  const highest = db.prepare("SELECT max(nonce) AS nonce FROM transactions WHERE signer = ?");
  const forms = db.prepare("SELECT * FROM attempts WHERE signer = ? AND key = ? ORDER BY rowid");
  const drop = db.prepare("DELETE FROM transactions WHERE signer = ? AND key = ? AND state = 'withdrawn'");
  const insert = db.prepare(
    `INSERT INTO transactions (signer, key, nonce, label, fingerprint, "to", data, value, gas, deadline, state)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'sent')`,
  );
  const insertForm = db.prepare(
    "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE SET sent_at = excluded.sent_at",
  );
  const end = db.prepare("UPDATE transactions SET state = ?, receipt = ?, gas_used = ? WHERE signer = ? AND key = ?");
  const free = db.prepare("UPDATE transactions SET nonce = NULL WHERE signer = ? AND key = ?");
  const gas = db.prepare(
    "SELECT label, gas_used FROM transactions WHERE state = 'confirmed' AND signer = ? ORDER BY label, gas_used",
  );

  const withForms = (row: Record<string, unknown>) => toRow(row, forms.all(signer, String(row.key)));
  const addAttempt = (key: string, { hash, raw, maxFeePerGas, maxPriorityFeePerGas, sentAt }: Attempt) => {
    insertForm.run(hash, signer, key, raw, String(maxFeePerGas), String(maxPriorityFeePerGas), String(sentAt));
  };
  return {
    find(key) {
      const row = byKey.get(signer, key);
      return row && withForms(row);
    },
    inFlight: () => sent.all(signer).map(withForms),
    nextNonce() {
      const nonce = highest.get(signer)?.nonce;
      return typeof nonce === "number" ? nonce + 1 : 0;
    },
    add: ({ key, nonce, label, fingerprint, to, data, value, gas: limit, deadline }, attempt) =>
      store.transaction(() => {
        drop.run(signer, key);
        const until = deadline === undefined ? null : String(deadline);
        insert.run(signer, key, nonce, label, fingerprint, to ?? null, data, String(value), String(limit), until);
        addAttempt(key, attempt);
      }),
    addAttempt: (key, attempt) => store.transaction(() => addAttempt(key, attempt)),
    settle: (key, state, receipt) =>
      store.transaction(() => {
        end.run(state, receipt ? writeReceipt(receipt) : null, receipt ? Number(receipt.gasUsed) : null, signer, key);
        if (state === "withdrawn") free.run(signer, key);
      }),
    gasUsed: () => figures(gas.all(signer) as { label: string; gas_used: number }[]),
  };
}

function toRow(row: Record<string, unknown>, forms: Record<string, unknown>[]): TxRow {
  const { key, nonce, label, fingerprint, to, data, value, gas, deadline, state, receipt } = row as Record<
    string,
    string | null
  >;
  return {
    key,
    nonce: Number(nonce),
    label,
    fingerprint,
    to: to ?? undefined,
    data,
    value: BigInt(value ?? 0),
    gas: BigInt(gas ?? 0),
    deadline: deadline === null || deadline === undefined ? undefined : BigInt(deadline),
    state,
    attempts: forms.map(toAttempt),
    receipt: receipt ? readReceipt(receipt) : undefined,
  } as TxRow;
}

function toAttempt(form: Record<string, unknown>): Attempt {
  const { hash, raw, max_fee, priority_fee, sent_at } = form as Record<string, string>;
  return {
    hash: hash as Hash,
    raw: raw as Hex,
    maxFeePerGas: BigInt(max_fee ?? 0),
    maxPriorityFeePerGas: BigInt(priority_fee ?? 0),
    sentAt: BigInt(sent_at ?? 0),
  };
}

function writeReceipt(receipt: Receipt): string {
  return JSON.stringify(receipt, (_key, value) => (typeof value === "bigint" ? String(value) : value));
}

function readReceipt(text: string): Receipt {
  const { blockNumber, gasUsed, fee, ...rest } = JSON.parse(text);
  return { ...rest, blockNumber: BigInt(blockNumber), gasUsed: BigInt(gasUsed), fee: BigInt(fee) };
}

/** Rows come sorted by label, then by gas. */
function figures(rows: readonly { label: string; gas_used: number }[]): Record<string, GasFigures> {
  const groups = Map.groupBy(rows, ({ label }) => label);
  const entries = [...groups].map(([label, group]) => {
    const used = group.map((row) => row.gas_used);
    const at = (i: number) => used[i] ?? 0;
    const middle = (used.length - 1) / 2;
    const median = Math.round((at(Math.floor(middle)) + at(Math.ceil(middle))) / 2);
    return [label, { calls: used.length, min: at(0), median, max: at(used.length - 1) }] as const;
  });
  return Object.fromEntries(entries);
}
