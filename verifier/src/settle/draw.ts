import type { Jobs } from "../jobs.ts";
import type { DrawCall, Head, Moment, Sender, Step, StepDeps } from "../ports.ts";
import { share } from "../random.ts";

type Deps = Pick<StepDeps, "facts" | "clock" | "rng" | "log"> & {
  jobs: Jobs;
  sender: Sender;
  drawCall: DrawCall;
};

/** Epochs back whose seed is still worth drawing: the next but one is probed by it. */
const BACK = 3n;

/**
 * Draws seeds, as anybody may: from what the beacon asks for, after a random wait so that not all verifiers pay for the
 * same call. A seed that somebody else drew is as good.
 */
export function createDrawing(deps: Deps): Step {
  const { facts: getFacts, clock, rng, log, jobs, sender, drawCall } = deps;
  const drawn = (epoch: bigint): boolean => getFacts().seed(epoch) !== undefined;

  const draw = async (epoch: bigint, head: Head, signal: AbortSignal): Promise<void> => {
    const { seedTime, openEnd } = getFacts().times(epoch);
    await clock.sleep(Math.min(10_000, Number(openEnd - seedTime) * 600) * share(rng), signal);
    if (signal.aborted || drawn(epoch)) return;
    const call = await drawCall(epoch, seedTime, head);
    const outcome = await sender.send(call);
    if (outcome.status === "confirmed") log.info({ epoch, call: call.key }, "seed drawn");
    else if (!drawn(epoch)) log.debug({ epoch, ...outcome }, "the seed was not drawn from here");
    // The next round of steps reads the event.
    await clock.sleep(700, signal);
  };

  return {
    name: "draw",
    advance({ head, epoch: current }: Moment) {
      for (let epoch = current > BACK ? current - BACK : 0n; epoch < current; epoch++) {
        if (head.timestamp < getFacts().times(epoch).seedTime || drawn(epoch)) continue;
        jobs.run(`draw:${epoch}`, (signal) => draw(epoch, head, signal));
      }
    },
  };
}
