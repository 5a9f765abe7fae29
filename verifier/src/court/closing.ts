import { createHash } from "node:crypto";
import { type CourtProof, disputeCourtAbi } from "@surety/sdk";
import { encodeFunctionData, type Hex } from "viem";
import type { Jobs } from "../jobs.ts";
import type { Call, Sender, StepDeps } from "../ports.ts";
import { share } from "../random.ts";
import { type CourtTerms, isCheap } from "./limits.ts";
import type { CourtReads } from "./reads.ts";

type Deps = Pick<StepDeps, "clock" | "rng" | "log"> & {
  jobs: Jobs;
  sender: Sender;
  reads: Pick<CourtReads, "gasPrice">;
  terms: CourtTerms;
};

/** The end of a case that is over. */
export type Ending = {
  /** The case. */
  id: Hex;
  /** Whether nobody has ended it yet. */
  isOpen(): boolean;
} & (
  | { functionName: "close"; args: readonly [id: Hex] }
  | { functionName: "closeFree"; args: readonly [proof: CourtProof] }
);

/** Most cases in a transaction. Each takes less than half a million gas, so that they stay below 2^24. */
const MOST = 32;
/** Wait after a transaction, until its effect has been read. */
const PAUSE_MS = 700;

const contract = "DisputeCourt";

/** One case by its own function, more by one call of all of them. */
function callOf(endings: readonly Ending[]): Call {
  const [first, ...others] = endings as [Ending, ...Ending[]];
  if (others.length === 0) {
    const { id, functionName, args } = first;
    const key = functionName === "close" ? `close ${id}` : `close free ${id}`;
    return { key, contract, functionName, args } as Call;
  }
  const ids = endings.map(({ id }) => id).join();
  const which = createHash("sha256").update(ids).digest("hex").slice(0, 12);
  const calls = endings.map(({ functionName, args }) =>
    encodeFunctionData({ abi: disputeCourtAbi, functionName, args } as Parameters<typeof encodeFunctionData>[0]),
  );
  return { key: `close ${endings.length} cases ${which}`, contract, functionName: "multicall", args: [calls] };
}

/**
 * Ends cases in as few transactions as may be: what they share is paid once. A transaction with one that cannot be ended
 * is refused whole, so what is refused is tried again in halves, down to single cases, without those that somebody else
 * has ended.
 * @returns ends what is open of these after a random wait of at most `spreadMs`
 */
export function createClosing(deps: Deps): (endings: readonly Ending[], spreadMs: number) => void {
  const { clock, rng, log, jobs, sender, reads, terms } = deps;

  /** @returns whether all are ended */
  const send = async (endings: readonly Ending[], signal: AbortSignal): Promise<boolean> => {
    const open = endings.filter((one) => one.isOpen());
    if (open.length === 0 || signal.aborted) return true;
    const call = callOf(open);
    const outcome = await sender.send(call);
    if (outcome.status === "confirmed") {
      log.info({ cases: open.map(({ id }) => id) }, "ended at the court");
      return true;
    }
    const mayBeSplit = outcome.status === "rejected" || outcome.status === "too-large";
    if (!mayBeSplit || open.length === 1) {
      if (open.some((one) => one.isOpen())) log.debug({ call: call.key, ...outcome }, "not ended from here");
      return false;
    }
    await clock.sleep(PAUSE_MS, signal);
    const half = Math.ceil(open.length / 2);
    const first = await send(open.slice(0, half), signal);
    return (await send(open.slice(half), signal)) && first;
  };

  const close = async (endings: readonly Ending[], spreadMs: number, signal: AbortSignal): Promise<void> => {
    await clock.sleep(spreadMs * share(rng), signal);
    const open = endings.filter((one) => one.isOpen());
    if (open.length === 0 || signal.aborted) return;
    if (!(await isCheap(reads, terms, log))) return void (await clock.sleep(spreadMs, signal));
    let isDone = true;
    for (let first = 0; first < open.length; first += MOST) {
      isDone = (await send(open.slice(first, first + MOST), signal)) && isDone;
    }
    await clock.sleep(isDone ? PAUSE_MS : spreadMs + PAUSE_MS, signal);
  };

  return (endings, spreadMs) => {
    if (endings.length > 0) jobs.run("close-cases", (signal) => close(endings, spreadMs, signal));
  };
}
