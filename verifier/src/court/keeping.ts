import type { Jobs } from "../jobs.ts";
import type { Moment, Step, StepDeps } from "../ports.ts";
import type { CourtReads } from "./reads.ts";

type Deps = Pick<StepDeps, "store" | "facts" | "log"> & { jobs: Jobs; reads?: CourtReads };

/** How long evidence is kept at least, epochs. */
const KEEP_EPOCHS = 32n;

/**
 * Forgets evidence that nobody can ask for any more: after 32 epochs, and where an epoch was settled late, once its
 * disputes are over and a demand of their last second was answered.
 */
export function createKeeping({ store, facts: getFacts, log, jobs, reads }: Deps): Step {
  /** Epochs before this were looked at, once an epoch. */
  let pruned = 0n;

  /** Whether nothing about an epoch can be demanded or is open. */
  const isOver = async (epoch: bigint, now: bigint): Promise<boolean> => {
    const { court } = getFacts();
    if ([...court.demands(), ...court.seatCases()].some((one) => one.epoch === epoch)) return false;
    if (!reads) return true;
    for (const { provider, modelId } of store.assignments.ofEpoch(epoch)) {
      if (now < (await reads.disputeEnd({ provider, modelId, epoch }))) return false;
    }
    return true;
  };

  const prune = async (until: bigint, now: bigint): Promise<void> => {
    for (let epoch = store.oldest() ?? until; epoch < until; epoch++) {
      if (!(await isOver(epoch, now))) {
        log.debug({ epoch }, "evidence is kept for disputes that are not over");
        break;
      }
      store.prune(epoch + 1n);
    }
    pruned = until;
  };

  return {
    name: "keeping",
    advance({ epoch, head }: Moment) {
      if (epoch <= pruned + KEEP_EPOCHS) return;
      jobs.run("keeping", () => prune(epoch - KEEP_EPOCHS, head.timestamp));
    },
  };
}
