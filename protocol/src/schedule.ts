import { type Uint, uint } from "./check.ts";
import { SuretyError } from "./errors.ts";
import { greater } from "./fixed.ts";

/** The two constants of an epoch clock, in seconds. */
export type Clock = { genesis: bigint; length: bigint };

/** Lengths of the steps, in seconds (docs/protocol.md section 3). */
export type Windows = {
  logWindow: bigint;
  beaconLag: bigint;
  openWindow: bigint;
  commitWindow: bigint;
  outputWindow: bigint;
  revealWindow: bigint;
  disputeWindow: bigint;
  answerWindow: bigint;
  juryWindow: bigint;
  grace: bigint;
};

/** Unix seconds at which the steps of one epoch begin and end; a step is open while begin <= t < end. */
export type EpochTimes = {
  start: bigint;
  /** Also the opening of the log window. */
  end: bigint;
  logEnd: bigint;
  /** The seed is the first beacon value at or after this. */
  seedTime: bigint;
  /** End of opening inputs, opening of the commit window. */
  openEnd: bigint;
  /** End of commits, opening of the output window. */
  commitEnd: bigint;
  /** End of opening outputs, opening of the reveal window. */
  outputEnd: bigint;
  /** End of reveals: settlement may begin, and commits of the redraw. */
  revealEnd: bigint;
  /** End of the redraw's commits, opening of its reveals. */
  redrawCommitEnd: bigint;
  /** End of the redraw's reveals: settlement may begin where one was needed. */
  redrawEnd: bigint;
  /** A settlement later than this earns no weight. */
  settleEnd: bigint;
  disputeEnd: bigint;
};

/** Slots of an epoch in a demand profile. */
export const SLOTS = 24;

const WINDOW_NAMES = [
  "logWindow",
  "beaconLag",
  "openWindow",
  "commitWindow",
  "outputWindow",
  "revealWindow",
  "disputeWindow",
  "answerWindow",
  "juryWindow",
  "grace",
] as const;

function checkClock(clock: Clock): Clock {
  uint("genesis", clock.genesis, 64);
  if (uint("epoch length", clock.length, 64) === 0n) {
    throw new SuretyError("PROTOCOL_CLOCK", "the epoch length is 0 seconds, needs at least 1");
  }
  return clock;
}

/**
 * Checks windows against the laws of docs/protocol.md section 3.
 * @throws SuretyError PROTOCOL_WINDOWS if the log and its seed, or commits and reveals, do not fit into one epoch
 */
export function checkWindows(clock: Clock, windows: Windows): Windows {
  checkClock(clock);
  for (const name of WINDOW_NAMES) uint(name, windows[name], 64);
  const need = (sum: bigint, what: string): void => {
    if (sum < clock.length) return;
    throw new SuretyError("PROTOCOL_WINDOWS", `${what} is ${sum} s, needs to be below the epoch's ${clock.length} s`);
  };
  need(windows.logWindow + windows.beaconLag, "logWindow + beaconLag");
  need(windows.commitWindow + windows.revealWindow, "commitWindow + revealWindow");
  return windows;
}

/** The least exit delay under which everything at stake stays slashable until it is judged, seconds (section 3). */
export const leastExitDelay = (clock: Clock, w: Windows): bigint =>
  4n * clock.length +
  2n * (w.logWindow + w.beaconLag) +
  w.openWindow +
  w.outputWindow +
  2n * (w.commitWindow + w.revealWindow) +
  w.disputeWindow +
  2n * w.answerWindow +
  w.juryWindow +
  w.grace;

/** The epoch of Unix second `t`; refuses a time before genesis. */
export function epochAt(clock: Clock, t: Uint): bigint {
  const { genesis, length } = checkClock(clock);
  const now = uint("time", t, 64);
  if (now < genesis) {
    throw new SuretyError("PROTOCOL_BEFORE_GENESIS", `time is ${now}, the first epoch begins at ${genesis}: wait`, {
      retryable: true,
    });
  }
  return (now - genesis) / length;
}

/**
 * When each step of an epoch ends, whenever the seed was drawn (section 3).
 * @param settledAt Unix second of settlement, if known: disputes stay open `disputeWindow` after the later of it and settleEnd
 */
export function epochTimes(clock: Clock, windows: Windows, epoch: Uint, settledAt: Uint = 0n): EpochTimes {
  const { genesis, length } = checkClock(clock);
  checkWindows(clock, windows);
  const start = genesis + uint("epoch", epoch, 64) * length;
  const end = start + length;
  const logEnd = end + windows.logWindow;
  const seedTime = logEnd + windows.beaconLag;
  const openEnd = seedTime + windows.openWindow;
  const commitEnd = openEnd + windows.commitWindow;
  const outputEnd = commitEnd + windows.outputWindow;
  const revealEnd = outputEnd + windows.revealWindow;
  const redrawCommitEnd = revealEnd + windows.commitWindow;
  const redrawEnd = redrawCommitEnd + windows.revealWindow;
  const settleEnd = revealEnd + length;
  const disputeEnd = greater(uint("settledAt", settledAt, 64), settleEnd) + windows.disputeWindow;
  return {
    start,
    end,
    logEnd,
    seedTime,
    openEnd,
    commitEnd,
    outputEnd,
    revealEnd,
    redrawCommitEnd,
    redrawEnd,
    settleEnd,
    disputeEnd,
  };
}

/** The slot, 0 to 23, of Unix millisecond `tMs` within its epoch; refuses a time outside the epoch. */
export function slotAt(clock: Clock, epoch: Uint, tMs: Uint): number {
  const { genesis, length } = checkClock(clock);
  const into = uint("time in ms", tMs, 64) - (genesis + uint("epoch", epoch, 64) * length) * 1000n;
  if (into < 0n || into >= length * 1000n) {
    throw new SuretyError(
      "PROTOCOL_OUTSIDE_EPOCH",
      `time ${tMs} ms is ${into} ms into epoch ${epoch}, needs [0, ${length * 1000n})`,
    );
  }
  return Number((into * BigInt(SLOTS)) / (length * 1000n));
}
