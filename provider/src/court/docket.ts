import { createLogReader, eventsOf } from "@surety/node-kit";
import { attestationHubAbi, demandsAbi, disputeCourtAbi } from "@surety/sdk";
import type { Address, Hex } from "viem";
import { type CourtAccess, courtContracts } from "./access.ts";

/** A demand against the provider that was not decided when it was last read. */
export type OpenDemand = {
  id: Hex;
  /** Its code on chain: 0 sample, 1 leaf, 2 omission. */
  kind: number;
  modelId: Hex;
  epoch: bigint;
  /** Unit of the log for a sample, else the receipt's number. */
  place: bigint;
  /** Answers are taken before this (Unix seconds). */
  deadline: bigint;
};

/** A case of the provider's that had not ended when it was last read. */
export type OpenCase = {
  id: Hex;
  modelId: Hex;
  epoch: bigint;
  seq: number;
  /** Until when the jury may be called (Unix seconds); null: it was called. */
  answerEnd: bigint | null;
};

/** A settled epoch with majority mismatches; bit j is sample j. */
export type Finding = { modelId: Hex; epoch: bigint; mismatches: bigint };

/** What the court has against the provider. */
export type Docket = {
  /** Reads what is new. */
  update(): Promise<void>;
  demands(): OpenDemand[];
  cases(): OpenCase[];
  findings(): Finding[];
  /** Forgets a finding about which nothing can be done any more. */
  forget(finding: Finding): void;
  /** Whether something is undecided about an epoch: its data are needed. */
  holds(modelId: Hex, epoch: bigint): boolean;
  /** Whether something was owed to one of these accounts since this was last asked. */
  tookOwed(accounts: readonly Address[]): boolean;
};

// `block` is where a row came from and `ended` where it ended, so that a reorganisation can take both back.
const MIGRATIONS = [
  `CREATE TABLE court_demand (
    id TEXT PRIMARY KEY, kind INTEGER NOT NULL, model_id TEXT NOT NULL, epoch INTEGER NOT NULL, place TEXT NOT NULL,
    deadline INTEGER NOT NULL, block INTEGER NOT NULL, ended INTEGER
  ) STRICT;
  CREATE TABLE court_case (
    id TEXT PRIMARY KEY, model_id TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, answer_end INTEGER,
    block INTEGER NOT NULL, tried INTEGER, ended INTEGER
  ) STRICT;
  CREATE TABLE court_finding (
    model_id TEXT NOT NULL, epoch INTEGER NOT NULL, mismatches TEXT NOT NULL, block INTEGER NOT NULL,
    PRIMARY KEY (model_id, epoch)
  ) STRICT`,
];

const NAMES = [
  "Demanded",
  "Answered",
  "Unanswered",
  "CaseOpened",
  "CaseTried",
  "CaseClosed",
  "Settled",
  "Owed",
] as const;
const all = eventsOf([...demandsAbi, ...disputeCourtAbi, ...attestationHubAbi]);
type Wanted = Extract<(typeof all)[number], { name: (typeof NAMES)[number] }>;
const events = all
  .filter((event): event is Wanted => NAMES.some((name) => name === event.name))
  .filter((event, i, some) => some.findIndex(({ name }) => name === event.name) === i);

/** Opens the docket of a provider: a table that follows the court's events, through restarts and reorganisations. */
export function openDocket({ client, deployment, store }: CourtAccess, provider: Address): Docket {
  store.migrate("court", MIGRATIONS);
  const { demands, court, hub, penalties } = courtContracts(deployment);
  const reader = createLogReader({
    client,
    store,
    addresses: [demands.address, court.address, hub.address, penalties.address],
    events,
    fromBlock: deployment.startBlock,
    confirmations: 0,
    name: "court",
  });
  const { db } = store;
  const run = (sql: string, ...values: (string | number | bigint | null)[]): void => {
    db.prepare(sql).run(...values);
  };
  const mine = (address: Address): boolean => address.toLowerCase() === provider.toLowerCase();
  let owed = new Set<string>();

  const rewind = (from: bigint): void => {
    for (const table of ["court_demand", "court_case"]) {
      run(`DELETE FROM ${table} WHERE block >= ?`, from);
      run(`UPDATE ${table} SET ended = NULL WHERE ended >= ?`, from);
    }
    run("UPDATE court_case SET tried = NULL WHERE tried >= ?", from);
    run("DELETE FROM court_finding WHERE block >= ?", from);
  };

  type Found = Awaited<ReturnType<typeof reader.poll>>["logs"][number];
  const take = ({ eventName, args, blockNumber: block }: Found): void => {
    switch (eventName) {
      case "Demanded": {
        const { id, accused, kind, modelId, epoch, place, deadline } = args;
        const values = [id, kind, modelId, epoch, String(place), deadline, block] as const;
        if (mine(accused)) run("INSERT INTO court_demand VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", ...values);
        break;
      }
      case "Answered":
      case "Unanswered":
        run("UPDATE court_demand SET ended = ? WHERE id = ?", block, args.id);
        break;
      case "CaseOpened": {
        const { id, modelId, epoch, seq, answerEnd } = args;
        const values = [id, modelId, epoch, seq, answerEnd, block] as const;
        if (mine(args.provider)) run("INSERT INTO court_case VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)", ...values);
        break;
      }
      case "CaseTried": {
        const { id, modelId, epoch, seq } = args;
        // A free case begins here.
        const insert = "INSERT INTO court_case VALUES (?, ?, ?, ?, NULL, ?, NULL, NULL) ON CONFLICT DO NOTHING";
        if (mine(args.provider)) run(insert, id, modelId, epoch, seq, block);
        run("UPDATE court_case SET tried = ? WHERE id = ?", block, id);
        break;
      }
      case "CaseClosed":
        run("UPDATE court_case SET ended = ? WHERE id = ?", block, args.id);
        break;
      case "Settled": {
        const { modelId, epoch, mismatches } = args;
        const values = [modelId, epoch, String(mismatches), block] as const;
        if (mine(args.provider) && Number(mismatches) > 0)
          run("INSERT INTO court_finding VALUES (?, ?, ?, ?)", ...values);
        break;
      }
      case "Owed":
        owed.add(args.account.toLowerCase());
    }
  };

  type Row = Record<string, string | number>;
  const rows = (sql: string): Row[] => db.prepare(sql).all() as Row[];
  const subject = (row: Row) => ({ modelId: row.model_id as Hex, epoch: BigInt(row.epoch!) });
  return {
    update: async () => {
      await reader.drain(({ reorged, logs }) => {
        if (reorged !== undefined) rewind(reorged);
        for (const found of logs) take(found);
      });
    },
    demands: () =>
      rows("SELECT * FROM court_demand WHERE ended IS NULL ORDER BY deadline").map((row) => ({
        ...subject(row),
        id: row.id as Hex,
        kind: Number(row.kind),
        place: BigInt(row.place!),
        deadline: BigInt(row.deadline!),
      })),
    cases: () =>
      rows("SELECT * FROM court_case WHERE ended IS NULL ORDER BY answer_end").map((row) => ({
        ...subject(row),
        id: row.id as Hex,
        seq: Number(row.seq),
        answerEnd: row.tried === null && row.answer_end !== null ? BigInt(row.answer_end!) : null,
      })),
    findings: () =>
      rows("SELECT * FROM court_finding ORDER BY epoch").map((row) => ({
        ...subject(row),
        mismatches: BigInt(row.mismatches!),
      })),
    forget: ({ modelId, epoch }) => run("DELETE FROM court_finding WHERE model_id = ? AND epoch = ?", modelId, epoch),
    holds: (modelId, epoch) => {
      const open = (table: string) =>
        db.prepare(`SELECT 1 FROM ${table} WHERE model_id = ? AND epoch = ? AND ended IS NULL`).get(modelId, epoch);
      return open("court_demand") !== undefined || open("court_case") !== undefined;
    },
    tookOwed: (accounts) => {
      const found = accounts.some((account) => owed.has(account.toLowerCase()));
      owed = new Set();
      return found;
    },
  };
}
