import type { DatabaseSync } from "node:sqlite";
import type { Address, Hex } from "viem";
import type { Key, Probe, ProbeState } from "./types.ts";

type Row = Record<string, unknown>;

const toProbe = (row: Row): Probe => ({
  epoch: BigInt(row.epoch as number),
  provider: row.provider as Address,
  modelId: row.model_id as Hex,
  i: row.i as number,
  atMs: row.at_ms as number,
  slot: row.slot as number,
  peak: row.peak === 1,
  state: row.state as ProbeState,
  startedMs: row.started_ms as number | null,
  elapsedMs: row.elapsed_ms as number | null,
  timely: row.timely === 1,
  atCapacity: row.at_capacity === 1,
  reason: row.reason as string | null,
  receipt: row.receipt as string | null,
  signature: row.signature as Hex | null,
  inputs: row.inputs as Uint8Array | null,
  outputs: row.outputs as Uint8Array | null,
  verdict: row.verdict as string | null,
});

/** A probe's name. */
export type ProbeKey = Pick<Probe, "epoch" | "provider" | "modelId" | "i">;
/** A probe as it is planned. */
export type PlannedProbe = ProbeKey & Pick<Probe, "atMs" | "slot" | "peak">;
/** What came of a probe. */
export type ProbeOutcome = Pick<
  Probe,
  "state" | "elapsedMs" | "timely" | "atCapacity" | "reason" | "receipt" | "signature" | "outputs"
>;

/** Probes by time and by assignment. */
export type Probes = ReturnType<typeof createProbes>;

/** Queries on the table of probes. */
export function createProbes(db: DatabaseSync) {
  const byKey = "epoch = ? AND provider = ? AND model_id = ? AND i = ?";
  const insert = db.prepare(
    "INSERT INTO probe (epoch, provider, model_id, i, at_ms, slot, peak, state) VALUES (?, ?, ?, ?, ?, ?, ?, 'planned')",
  );
  const due = db.prepare("SELECT * FROM probe WHERE state = 'planned' AND at_ms < ? ORDER BY at_ms");
  const of = db.prepare("SELECT * FROM probe WHERE epoch = ? AND provider = ? AND model_id = ? ORDER BY i");
  const send = db.prepare(
    `UPDATE probe SET state = 'sent', started_ms = ?, inputs = ? WHERE ${byKey} AND state = 'planned'`,
  );
  const finish = db.prepare(
    `UPDATE probe SET state = ?, elapsed_ms = ?, timely = ?, at_capacity = ?, reason = ?, receipt = ?, signature = ?,
     outputs = ? WHERE ${byKey} AND state IN ('planned', 'sent')`,
  );
  const refuse = db.prepare(
    `UPDATE probe SET state = 'failed', timely = 0, reason = ? WHERE ${byKey} AND state = 'answered'`,
  );
  const judge = db.prepare(`UPDATE probe SET verdict = ? WHERE ${byKey}`);
  const lose = db.prepare("UPDATE probe SET state = 'lost', reason = 'KILLED_IN_FLIGHT' WHERE state = 'sent'");
  const unjudged = db.prepare(
    "SELECT epoch, provider, model_id FROM probe WHERE state = 'answered' AND verdict IS NULL ORDER BY epoch LIMIT 1",
  );
  const verdicts = db.prepare("SELECT verdict, count(*) AS n FROM probe WHERE verdict IS NOT NULL GROUP BY verdict");
  const remove = db.prepare("DELETE FROM probe WHERE epoch = ? AND provider = ? AND model_id = ?");
  const args = (p: ProbeKey) => [p.epoch, p.provider, p.modelId, p.i] as const;

  return {
    plan: (p: PlannedProbe): void => {
      insert.run(...args(p), p.atMs, p.slot, p.peak ? 1 : 0);
    },
    /** Planned probes due before `beforeMs`, Unix milliseconds. */
    due: (beforeMs: number): Probe[] => due.all(Math.floor(beforeMs)).map(toProbe),
    of: (key: Omit<Key, "role">): Probe[] => of.all(key.epoch, key.provider, key.modelId).map(toProbe),
    /** Notes that a probe leaves now. @returns false if it left before */
    send: (p: ProbeKey, startedMs: number, inputs: Uint8Array): boolean =>
      send.run(Math.floor(startedMs), inputs, ...args(p)).changes === 1,
    finish: (p: ProbeKey, o: ProbeOutcome): void => {
      const flags = [o.timely ? 1 : 0, o.atCapacity ? 1 : 0] as const;
      finish.run(o.state, o.elapsedMs, ...flags, o.reason, o.receipt, o.signature, o.outputs, ...args(p));
    },
    /** Turns an answer whose receipt is not good into a failure. */
    refuse: (p: ProbeKey, reason: string): void => {
      refuse.run(reason, ...args(p));
    },
    judge: (p: ProbeKey, verdict: string): void => {
      judge.run(verdict, ...args(p));
    },
    /** The oldest assignment with an answer that was not judged. */
    unjudged: (): Omit<Key, "role"> | undefined => {
      const row = unjudged.get();
      if (!row) return undefined;
      const { epoch, provider, model_id } = row;
      return { epoch: BigInt(epoch as number), provider: provider as Address, modelId: model_id as Hex };
    },
    /** At start: what was in flight when the process died counts as not sent. @returns how many */
    loseSent: (): number => Number(lose.run().changes),
    /** How many rows have each verdict. */
    verdicts: (): Record<string, number> =>
      Object.fromEntries(verdicts.all().map((row) => [row.verdict as string, row.n as number])),
    remove: (key: Omit<Key, "role">): void => {
      remove.run(key.epoch, key.provider, key.modelId);
    },
  };
}
