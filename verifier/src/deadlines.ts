import type { EpochTimes } from "@surety/protocol";

/** By when the parts of an attestation have to be ready, chain time in milliseconds. */
export type Deadlines = {
  /** Inputs that have not come by then are not opened. */
  evidenceMs: number;
  /** Leaves that have not been run by then stay without an own result. */
  rerunMs: number;
  /** What is ready by then is committed; the rest of the window is for the transaction. */
  commitMs: number;
  /** Outputs that have not come by then are not opened: the end of the output window. */
  outputsMs: number;
};

/** Parts of the commit window: 15 % for late inputs, 20 % for running them, and 60 % for the transaction. */
export function deadlines({ openEnd, commitEnd, outputEnd }: EpochTimes): Deadlines {
  const open = Number(openEnd) * 1000;
  const window = Number(commitEnd - openEnd) * 1000;
  return {
    evidenceMs: open + 0.15 * window,
    rerunMs: open + 0.35 * window,
    commitMs: open + 0.4 * window,
    outputsMs: Number(outputEnd) * 1000,
  };
}
