import { type EpochTimes, ROLE_PROBE, ROLE_REDRAW } from "@surety/protocol";
import type { Role } from "./store/types.ts";

/** Rounds of an epoch: 0 everybody's, 1 the redraw's (docs/protocol.md section 3). */
export type Round = 0 | 1;

/** The rounds in their order. */
export const ROUNDS: readonly Round[] = [0, 1];

/** The round in which a role commits and reveals. */
export const roundOf = (role: Role): Round => (role === ROLE_REDRAW ? 1 : 0);

/** Whether a role re-runs samples. */
export const isRerun = (role: number): boolean => role !== ROLE_PROBE;

/** The steps of one round, Unix seconds; a step is open while begin <= t < end. */
export type RoundTimes = {
  /** Inputs may be asked for. */
  inputsFrom: bigint;
  /** Opening of the commit window. */
  openEnd: bigint;
  /** End of commits. */
  commitEnd: bigint;
  /** Outputs may be asked for, by whoever has committed. */
  outputsFrom: bigint;
  /** Opening of the reveal window. */
  outputEnd: bigint;
  /** End of reveals. */
  revealEnd: bigint;
};

/** The steps of a round. When the redraw begins, inputs and outputs are open already. */
export function roundTimes(times: EpochTimes, round: Round): RoundTimes {
  const { seedTime, openEnd, commitEnd, outputEnd, revealEnd, redrawCommitEnd, redrawEnd } = times;
  if (round === 0) return { inputsFrom: seedTime, openEnd, commitEnd, outputsFrom: commitEnd, outputEnd, revealEnd };
  return {
    inputsFrom: revealEnd,
    openEnd: revealEnd,
    commitEnd: redrawCommitEnd,
    outputsFrom: revealEnd,
    outputEnd: redrawCommitEnd,
    revealEnd: redrawEnd,
  };
}

/** By when the parts of an attestation have to be ready, chain time in milliseconds. */
export type Deadlines = {
  /** Inputs that have not come by then are not opened. */
  evidenceMs: number;
  /** Leaves that have not been run by then stay without an own result. */
  rerunMs: number;
  /** What is ready by then is committed; the rest of the window is for the transaction. */
  commitMs: number;
  /** Outputs that have not come by then are not opened. */
  outputsMs: number;
};

/** Parts of the commit window for late inputs and for running them, and of the reveal window for outputs. */
const SHARES = {
  /** Inputs had a window before, outputs have one after: 60 % is left for the transaction. */
  0: { evidence: 0.15, rerun: 0.35, commit: 0.4, outputs: 0 },
  /** Everything falls into the round's own windows. */
  1: { evidence: 0.25, rerun: 0.45, commit: 0.5, outputs: 0.25 },
} as const;

/** The deadlines of a round. */
export function deadlines(times: EpochTimes, round: Round): Deadlines {
  const { openEnd, commitEnd, outputEnd, revealEnd } = roundTimes(times, round);
  const part = SHARES[round];
  const at = (share: number): number => Number(openEnd) * 1000 + share * Number(commitEnd - openEnd) * 1000;
  return {
    evidenceMs: at(part.evidence),
    rerunMs: at(part.rerun),
    commitMs: at(part.commit),
    outputsMs: Number(outputEnd) * 1000 + part.outputs * Number(revealEnd - outputEnd) * 1000,
  };
}
