import type { DatabaseSync } from "node:sqlite";
import { ROLE_PROBE } from "@surety/protocol";
import { type Address, type Hex, zeroHash } from "viem";
import type { Assignment, Key, Role, State } from "./types.ts";

/** A result as it stands in a signed commitment. */
export type SignedResult = Pick<Assignment, "report"> & { dataRoot: Hex; salt: Hex };

/** Why an assignment was missed or judges nothing: a code, and words. */
export type Why = { reason: string; detail: string };

type Row = Record<string, unknown>;

const toAssignment = (row: Row): Assignment => ({
  epoch: BigInt(row.epoch as number),
  provider: row.provider as Address,
  modelId: row.model_id as Hex,
  role: row.role as Role,
  seat: row.seat as number,
  state: row.state as State,
  basis: row.basis as string,
  reason: row.reason as string | null,
  detail: row.detail as string | null,
  report: row.report === null ? null : BigInt(row.report as string),
  dataRoot: row.data_root as Hex | null,
  salt: row.salt as Hex | null,
  included: row.included === 1,
});

/** What a step may write beside the state. */
export type Patch = Partial<Pick<Assignment, "report" | "dataRoot">>;

/** Assignments by state and epoch. */
export type Assignments = ReturnType<typeof createAssignments>;

/** Queries on the one table that the steps move through. */
export function createAssignments(db: DatabaseSync) {
  const byKey = "epoch = ? AND provider = ? AND model_id = ? AND role = ?";
  const insert = db.prepare(
    "INSERT OR IGNORE INTO assignment (epoch, provider, model_id, role, seat, state, basis) VALUES (?, ?, ?, ?, ?, 'planned', ?)",
  );
  const select = db.prepare(`SELECT * FROM assignment WHERE ${byKey}`);
  const inState = db.prepare("SELECT * FROM assignment WHERE state = ? ORDER BY epoch, provider, model_id, role");
  const ofEpoch = db.prepare("SELECT * FROM assignment WHERE epoch = ? ORDER BY role, provider, model_id");
  const all = db.prepare("SELECT * FROM assignment ORDER BY epoch, role, provider, model_id");
  const move = db.prepare(
    `UPDATE assignment SET state = ?, report = coalesce(?, report), data_root = coalesce(?, data_root) WHERE ${byKey} AND state = ?`,
  );
  const miss = db.prepare(
    `UPDATE assignment SET state = 'missed', reason = ?, detail = ? WHERE ${byKey} AND state NOT IN ('done', 'missed')`,
  );
  const include = db.prepare(
    `UPDATE assignment SET salt = ?, included = 1 WHERE ${byKey} AND state = 'rerun' AND included = 0`,
  );
  const abstain = db.prepare(
    `UPDATE assignment SET state = 'rerun', reason = ?, detail = ?, report = ?, data_root = '${zeroHash}' WHERE ${byKey}
     AND state IN ('planned', 'evidence')`,
  );
  const retract = db.prepare(
    `UPDATE assignment SET state = 'compared', reason = ?, detail = ?, report = ? WHERE ${byKey}
     AND state IN ('committed', 'compared')`,
  );
  const adopt = db.prepare(
    `UPDATE assignment SET report = ?, data_root = ?, salt = ?, included = 1, reason = ?, detail = ? WHERE ${byKey}
     AND state IN ('rerun', 'compared')`,
  );
  const remove = db.prepare(`DELETE FROM assignment WHERE ${byKey}`);
  const args = (key: Key) => [key.epoch, key.provider, key.modelId, key.role] as const;

  return {
    /** Adds a planned assignment. @returns false if it is there already, in whatever state */
    plan: (key: Key, seat: number, basis: string): boolean => insert.run(...args(key), seat, basis).changes === 1,
    get: (key: Key): Assignment | undefined => {
      const row = select.get(...args(key));
      return row && toAssignment(row);
    },
    inState: (state: State): Assignment[] => inState.all(state).map(toAssignment),
    ofEpoch: (epoch: bigint): Assignment[] => ofEpoch.all(epoch).map(toAssignment),
    all: (): Assignment[] => all.all().map(toAssignment),
    /** Moves one step to the right. @returns false if it is not in `from` any more: somebody else moved it */
    move: (key: Key, from: State, to: State, patch: Patch = {}): boolean =>
      move.run(to, patch.report?.toString() ?? null, patch.dataRoot ?? null, ...args(key), from).changes === 1,
    /** Ends an assignment that cannot be completed. @param reason code @param detail words */
    miss: (key: Key, reason: string, detail: string): boolean => miss.run(reason, detail, ...args(key)).changes === 1,
    /**
     * Goes on with an assignment that cannot be done as one that judges nothing: a probe report of zeros, or a re-run without
     * own results. @returns false if it has results already
     */
    abstain: (key: Key, { reason, detail }: Why): boolean =>
      abstain.run(reason, detail, key.role === ROLE_PROBE ? "0" : null, ...args(key)).changes === 1,
    /** Puts a report that judges nothing in the place of a re-run's own, which may not or cannot be made. */
    retract: (key: Key, { reason, detail }: Why, report: bigint): boolean =>
      retract.run(reason, detail, report.toString(), ...args(key)).changes === 1,
    /**
     * Takes over the result that a commitment signed before holds, in place of another one.
     * @param why it judges nothing; null if it does
     */
    adopt: (key: Key, { report, dataRoot, salt }: SignedResult, why: Why | null): boolean => {
      const result = [report?.toString() ?? null, dataRoot, salt] as const;
      return adopt.run(...result, why?.reason ?? null, why?.detail ?? null, ...args(key)).changes === 1;
    },
    /** Puts a finished assignment into its epoch's commitment, under its salt, once. */
    include: (key: Key, salt: Hex): boolean => include.run(salt, ...args(key)).changes === 1,
    /** Forgets an assignment whose facts were reorganised away. */
    remove: (key: Key): void => {
      remove.run(...args(key));
    },
  };
}
