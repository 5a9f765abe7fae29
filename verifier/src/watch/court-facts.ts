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
  /** Unit of the log, number of the receipt, or sample. */
  place: bigint;
  /** Answers are taken before this (Unix seconds). */
  deadline: bigint;
};

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

/** Majority mismatches of a settled epoch; bit j is sample j. */
export type FindingFacts = { provider: Address; modelId: Hex; epoch: bigint; mismatches: bigint };

/** The events that these facts are folded from. */
type CourtEvents =
  | "Demanded"
  | "Answered"
  | "Unanswered"
  | "CaseOpened"
  | "CaseTried"
  | "CaseClosed"
  | "JuryCalled"
  | "JurorCommitted"
  | "JurorRevealed"
  | "JurorPaid"
  | "FaultProven"
  | "Owed"
  | "Claimed";

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
  /** The latest epoch about which a verifier's outputs were demanded. */
  lastAsked(verifier: Address): bigint | undefined;
  /** Cases that have not ended. */
  cases(): CaseFacts[];
  /** A case that has not ended. */
  caseOf(id: Hex): CaseFacts | undefined;
  /** All juries ever called. */
  juries(): Iterable<JuryFacts>;
  /** Undefined if there never was such a case. */
  caseState(id: Hex): CaseState | undefined;
  findings(): readonly FindingFacts[];
  commitmentOf(id: Hex, juror: Address): Hex | undefined;
  hasRevealed(id: Hex, juror: Address): boolean;
  /** Ended cases that owe a juror its part. */
  unpaid(juror: Address): Hex[];
  isProven(fault: Hex): boolean;
  /** What all rooms together owe an account, in the asset's smallest unit. */
  owed(account: Address): bigint;
  /** What they have paid it. */
  claimed(account: Address): bigint;
};

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
  const commitments = new Map<string, Hex>();
  /** Who revealed in a case and was not paid. */
  const jurors = new Map<Hex, Set<Address>>();
  const paying = new Set<Hex>();
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
        if (kind === "outputs") asked.set(accused, epoch);
        demands.set(id, { id, accused, demander, kind, modelId, epoch, place, deadline });
      },
      Answered: ({ id }) => demands.delete(id),
      Unanswered: ({ id }) => demands.delete(id),
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
      },
      CaseClosed: ({ id, state, perJuror }) => {
        states.set(id, CASE_STATES[state]!);
        open.delete(id);
        if (perJuror > 0n) paying.add(id);
        else jurors.delete(id);
      },
      JurorCommitted: ({ id, juror, commitment }) => commitments.set(`${id}:${low(juror)}`, commitment),
      JurorRevealed: ({ id, juror }) => {
        revealed.add(`${id}:${low(juror)}`);
        jurors.set(id, (jurors.get(id) ?? new Set()).add(low(juror)));
      },
      JurorPaid: ({ id, juror }) => {
        const left = jurors.get(id);
        left?.delete(low(juror));
        if (left?.size === 0) paying.delete(id);
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
    commitmentOf: (id, juror) => commitments.get(`${id}:${juror}`),
    hasRevealed: (id, juror) => revealed.has(`${id}:${juror}`),
    unpaid: (juror) => [...paying].filter((id) => jurors.get(id)?.has(juror)),
    isProven: (fault) => proven.has(fault),
    owed: (account) => (credits.get(account) ?? 0n) - (claims.get(account) ?? 0n),
    claimed: (account) => claims.get(account) ?? 0n,
  };
}
