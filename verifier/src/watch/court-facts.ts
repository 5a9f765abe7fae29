import { CASE_STATES, type CaseState, DEMAND_KINDS, type DemandKind } from "@surety/sdk";
import type { Address, Hex } from "viem";
import type { Handlers } from "./facts.ts";

/** A demand that is neither answered nor failed. */
export type DemandFacts = {
  id: Hex;
  accused: Address;
  demander: Address;
  kind: DemandKind;
  modelId: Hex;
  epoch: bigint;
  /** Unit of the log, number of the receipt, sample, or number of the seat's receipt. */
  place: bigint;
  /** Answers are taken before this (Unix seconds). */
  deadline: bigint;
};

/** A demand for a verifier's outputs that it has answered. */
export type ShownFacts = DemandFacts & {
  /** Block of the answer, which holds the outputs. */
  block: bigint;
};

/** The receipt of a probe that a verifier has shown on demand. */
export type ShownReceipt = DemandFacts & { receiptHash: Hex; proof: readonly Hex[] };

/** A case about a seat that has not ended. */
export type SeatCaseFacts = {
  /** That of the demand by which the outputs were shown. */
  id: Hex;
  verifier: Address;
  challenger: Address;
  provider: Address;
  modelId: Hex;
  epoch: bigint;
  /** 1 re-run, 2 redraw. */
  role: number;
  seat: number;
  /** Sample; their number for the seat's own input. */
  j: number;
  /** Until when the verifier may call the jury (Unix seconds). */
  answerEnd: bigint;
  jury: JuryFacts | undefined;
};

/** A breach of a promise that was noted and not collected. */
export type BreachFacts = { provider: Address; modelId: Hex; index: bigint; epoch: bigint };

/** Where jurors are paid. */
export type CaseRoom = "DisputeCourt" | "SeatCases";

/** A jury that was called; times in Unix seconds. */
export type JuryFacts = {
  /** The case that it is about, in whichever room. */
  id: Hex;
  modelId: Hex;
  /** Epoch whose seed draws it. */
  epoch: bigint;
  start: bigint;
  commitEnd: bigint;
  revealEnd: bigint;
  /** Block in which it was called, which holds the opened leaf. */
  block: bigint;
};

/** A case that has not ended: bonded, with the end of its answer window, or before a jury. */
export type CaseFacts = {
  id: Hex;
  provider: Address;
  modelId: Hex;
  epoch: bigint;
  seq: number;
  /** Unix seconds; undefined for a free case. */
  answerEnd: bigint | undefined;
  jury: JuryFacts | undefined;
};

/** A free case that a jury acquitted of: who called the leaf wrong may be refuted. */
export type AcquittalFacts = {
  id: Hex;
  provider: Address;
  modelId: Hex;
  epoch: bigint;
  /** Jurors who acquitted. */
  votes: number;
  jury: JuryFacts;
};

/** Majority mismatches of a settled epoch; bit j is sample j. */
export type FindingFacts = { provider: Address; modelId: Hex; epoch: bigint; mismatches: bigint };

/** The events that these facts are folded from. */
type CourtEvents =
  | "Demanded"
  | "Answered"
  | "Unanswered"
  | "ProbeShown"
  | "CaseOpened"
  | "CaseTried"
  | "CaseClosed"
  | "AccuserRefuted"
  | "JuryCalled"
  | "JurorCommitted"
  | "JurorRevealed"
  | "JurorPaid"
  | "FaultProven"
  | "Owed"
  | "Claimed"
  | "SeatCaseOpened"
  | "SeatCaseClosed"
  | "Missed"
  | "Breached"
  | "PromisePunished"
  | "BountyAdded";

/** What the court has told so far. All addresses in lower case. */
export type CourtFacts = {
  on: Handlers<CourtEvents>;
  /** Notes what a settlement found. */
  find(finding: FindingFacts): void;
  /** Open demands. */
  demands(): DemandFacts[];
  /** Whether a demand was ever made. */
  wasDemanded(id: Hex): boolean;
  /** How many demands an account has made. */
  made(demander: Address): number;
  /** The latest epoch of which a verifier showed its outputs and took a bond for it. */
  lastAsked(verifier: Address): bigint | undefined;
  /** Outputs that verifiers have shown, ever. */
  shown(): Iterable<ShownFacts>;
  shownBy(id: Hex): ShownFacts | undefined;
  /** Receipts of probes that verifiers have shown, ever. */
  receipts(): readonly ShownReceipt[];
  /** Cases that have not ended. */
  cases(): CaseFacts[];
  /** A case that has not ended. */
  caseOf(id: Hex): CaseFacts | undefined;
  /** All juries ever called. */
  juries(): Iterable<JuryFacts>;
  /** Undefined if there never was such a case. */
  caseState(id: Hex): CaseState | undefined;
  findings(): readonly FindingFacts[];
  /** Free cases that ended in acquittal. */
  acquittals(): readonly AcquittalFacts[];
  /** Whether a seat has lost a share for a case. */
  wasRefuted(id: Hex, role: number, seat: number): boolean;
  commitmentOf(id: Hex, juror: Address): Hex | undefined;
  hasRevealed(id: Hex, juror: Address): boolean;
  /** Ended cases that owe a juror its part. */
  unpaid(juror: Address): { id: Hex; room: CaseRoom }[];
  /** Cases about seats that have not ended. */
  seatCases(): SeatCaseFacts[];
  seatCase(id: Hex): SeatCaseFacts | undefined;
  /** Whether a case about a seat was ever opened. */
  wasCharged(id: Hex): boolean;
  /** Whether a miss of a verifier in an epoch was noted. */
  hasMissed(verifier: Address, epoch: bigint): boolean;
  breaches(): BreachFacts[];
  /** The epochs that have bounties for an account, the latest last. */
  bounties(challenger: Address): readonly bigint[];
  isProven(fault: Hex): boolean;
  /** What all rooms together owe an account, in the asset's smallest unit. */
  owed(account: Address): bigint;
  /** What they have paid it. */
  claimed(account: Address): bigint;
};

/** The vote that acquits. */
const ACQUIT = 1;

const low = <T extends string>(hex: T): T => hex.toLowerCase() as T;

/** Folds the court's events into what the steps ask for. */
export function createCourtFacts(): CourtFacts {
  const demands = new Map<Hex, DemandFacts>();
  const demanded = new Set<Hex>();
  const makers = new Map<Address, number>();
  const asked = new Map<Address, bigint>();
  const open = new Map<Hex, CaseFacts>();
  const states = new Map<Hex, CaseState>();
  const juries = new Map<Hex, JuryFacts>();
  const findings: FindingFacts[] = [];
  const acquittals: AcquittalFacts[] = [];
  /** Votes to acquit, by case. */
  const votes = new Map<Hex, number>();
  const refuted = new Set<string>();
  const commitments = new Map<string, Hex>();
  /** Who revealed in a case and was not paid. */
  const jurors = new Map<Hex, Set<Address>>();
  const paying = new Map<Hex, CaseRoom>();
  const shown = new Map<Hex, ShownFacts>();
  const receipts: ShownReceipt[] = [];
  const charged = new Set<Hex>();
  const seatCases = new Map<Hex, SeatCaseFacts>();
  const missed = new Set<string>();
  const breaches = new Map<string, BreachFacts>();
  const bounties = new Map<Address, bigint[]>();
  const revealed = new Set<string>();
  const proven = new Set<Hex>();
  const credits = new Map<Address, bigint>();
  const claims = new Map<Address, bigint>();
  const add = (to: Map<Address, bigint>, account: Address, amount: bigint) =>
    to.set(low(account), (to.get(low(account)) ?? 0n) + amount);

  return {
    on: {
      Demanded: (args) => {
        const { id, modelId, epoch, place, deadline } = args;
        const [accused, demander, kind] = [low(args.accused), low(args.demander), DEMAND_KINDS[args.kind]!];
        demanded.add(id);
        makers.set(demander, (makers.get(demander) ?? 0) + 1);
        demands.set(id, { id, accused, demander, kind, modelId, epoch, place, deadline });
      },
      Answered: ({ id, bond }, _, block) => {
        const demand = demands.get(id);
        demands.delete(id);
        if (demand?.kind !== "outputs") return;
        shown.set(id, { ...demand, block });
        if (bond > 0n) asked.set(demand.accused, demand.epoch);
      },
      Unanswered: ({ id }) => demands.delete(id),
      ProbeShown: ({ id, receiptHash, proof }) => {
        const demand = demands.get(id);
        if (demand) receipts.push({ ...demand, receiptHash, proof });
      },
      CaseOpened: ({ id, provider, modelId, epoch, seq, answerEnd }) => {
        states.set(id, "open");
        open.set(id, { id, provider: low(provider), modelId, epoch, seq, answerEnd, jury: undefined });
      },
      CaseTried: ({ id, provider, modelId, epoch, seq }) => {
        states.set(id, "tried");
        const answerEnd = open.get(id)?.answerEnd;
        open.set(id, { id, provider: low(provider), modelId, epoch, seq, answerEnd, jury: undefined });
      },
      JuryCalled: ({ id, modelId, epoch, start, commitEnd, revealEnd }, _, block) => {
        const jury = { id, modelId, epoch, start, commitEnd, revealEnd, block };
        juries.set(id, jury);
        const tried = open.get(id);
        if (tried) open.set(id, { ...tried, jury });
        const charge = seatCases.get(id);
        if (charge) seatCases.set(id, { ...charge, jury });
      },
      CaseClosed: ({ id, state, perJuror }) => {
        states.set(id, CASE_STATES[state]!);
        const closed = open.get(id);
        open.delete(id);
        const isFree = closed?.jury !== undefined && closed.answerEnd === undefined;
        if (isFree && CASE_STATES[state] === "acquitted") {
          const { provider, modelId, epoch, jury } = closed;
          acquittals.push({ id, provider, modelId, epoch, votes: votes.get(id) ?? 0, jury: jury! });
        } else if (perJuror > 0n) paying.set(id, "DisputeCourt");
        else jurors.delete(id);
      },
      AccuserRefuted: ({ id, role, seat, perJuror }) => {
        refuted.add(`${id}:${role}:${seat}`);
        // Paid from the first seat that lost something.
        if (perJuror > 0n && jurors.has(id)) paying.set(id, "DisputeCourt");
      },
      JurorCommitted: ({ id, juror, commitment }) => commitments.set(`${id}:${low(juror)}`, commitment),
      JurorRevealed: ({ id, juror, vote }) => {
        if (vote === ACQUIT) votes.set(id, (votes.get(id) ?? 0) + 1);
        revealed.add(`${id}:${low(juror)}`);
        jurors.set(id, (jurors.get(id) ?? new Set()).add(low(juror)));
      },
      JurorPaid: ({ id, juror }) => {
        const left = jurors.get(id);
        left?.delete(low(juror));
        if (left?.size !== 0) return;
        paying.delete(id);
        jurors.delete(id);
      },
      SeatCaseOpened: (args) => {
        const [verifier, challenger, provider] = [low(args.verifier), low(args.challenger), low(args.provider)];
        charged.add(args.id);
        seatCases.set(args.id, { ...args, verifier, challenger, provider, jury: undefined });
      },
      SeatCaseClosed: ({ id, state }) => {
        const isPaid = seatCases.get(id)?.jury && CASE_STATES[state] !== "mistrial";
        seatCases.delete(id);
        if (isPaid) paying.set(id, "SeatCases");
        else jurors.delete(id);
      },
      Missed: ({ verifier, epoch }) => missed.add(`${low(verifier)}:${epoch}`),
      Breached: ({ provider, modelId, index, epoch }) =>
        breaches.set(`${low(provider)}:${modelId}:${index}`, { provider: low(provider), modelId, index, epoch }),
      PromisePunished: ({ provider, modelId, index }) => breaches.delete(`${low(provider)}:${modelId}:${index}`),
      BountyAdded: ({ challenger, epoch }) => {
        const epochs = bounties.get(low(challenger)) ?? [];
        if (epochs.at(-1) !== epoch) bounties.set(low(challenger), [...epochs, epoch]);
      },
      FaultProven: ({ fault }) => proven.add(fault),
      Owed: ({ account, amount }) => add(credits, account, amount),
      Claimed: ({ account, amount }) => add(claims, account, amount),
    },
    find: (finding) => {
      if (finding.mismatches !== 0n) findings.push(finding);
    },
    demands: () => [...demands.values()],
    wasDemanded: (id) => demanded.has(id),
    made: (demander) => makers.get(demander) ?? 0,
    lastAsked: (verifier) => asked.get(verifier),
    cases: () => [...open.values()],
    caseOf: (id) => open.get(id),
    juries: () => juries.values(),
    caseState: (id) => states.get(id),
    findings: () => findings,
    acquittals: () => acquittals,
    wasRefuted: (id, role, seat) => refuted.has(`${id}:${role}:${seat}`),
    commitmentOf: (id, juror) => commitments.get(`${id}:${juror}`),
    hasRevealed: (id, juror) => revealed.has(`${id}:${juror}`),
    unpaid: (juror) => [...paying].flatMap(([id, room]) => (jurors.get(id)?.has(juror) ? [{ id, room }] : [])),
    shown: () => shown.values(),
    shownBy: (id) => shown.get(id),
    receipts: () => receipts,
    seatCases: () => [...seatCases.values()],
    seatCase: (id) => seatCases.get(id),
    wasCharged: (id) => charged.has(id),
    hasMissed: (verifier, epoch) => missed.has(`${verifier}:${epoch}`),
    breaches: () => [...breaches.values()],
    bounties: (challenger) => bounties.get(challenger) ?? [],
    isProven: (fault) => proven.has(fault),
    owed: (account) => (credits.get(account) ?? 0n) - (claims.get(account) ?? 0n),
    claimed: (account) => claims.get(account) ?? 0n,
  };
}
