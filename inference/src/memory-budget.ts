import { SuretyError } from "@surety/protocol";
import type { Worker } from "./worker.ts";

/** What a budget needs to know of a worker. */
export type BudgetedWorker = Pick<Worker, "lastMemory" | "lastUsed" | "pid" | "pending" | "rest">;

/** A bound on the resident memory of inference processes together; runtimes may share one. */
export type MemoryBudget = {
  readonly bytes: number;
  /** Counts a worker from now on. */
  join: (worker: BudgetedWorker) => void;
  /** Counts a worker no longer. */
  leave: (worker: BudgetedWorker) => void;
  /**
   * Ends processes without calls, least recently used first, until `worker` fits: it counts with what it last took,
   * whether its process runs or is about to.
   */
  makeRoom: (worker: BudgetedWorker) => void;
};

/** Budget of a runtime that is given none: 4 GiB. */
export const DEFAULT_BUDGET_BYTES = 4 * 2 ** 30;

/**
 * Creates a budget. Resident bytes are what children report with every answer, pages that they have in common counted
 * for each, so the sum errs on the high side. A process at work is never ended for the sake of another: while all are at
 * work their sum may lie above the budget, and each is still bounded by its own cap.
 *
 * @param bytes most resident bytes of all processes together, without those of the caller's own
 * @throws SuretyError `INFERENCE_BAD_BUDGET` if `bytes` is no positive whole number
 */
export function createMemoryBudget(bytes: number): MemoryBudget {
  if (!Number.isSafeInteger(bytes) || bytes < 1) {
    const message = `The memory budget is ${bytes}; needs a whole number of bytes above 0, such as ${DEFAULT_BUDGET_BYTES}.`;
    throw new SuretyError("INFERENCE_BAD_BUDGET", message);
  }
  const workers = new Set<BudgetedWorker>();
  return {
    bytes,
    join: (worker) => void workers.add(worker),
    leave: (worker) => void workers.delete(worker),
    makeRoom: (worker) => {
      const others = [...workers].filter((other) => other !== worker && other.pid() !== undefined);
      let sum = others.reduce((total, other) => total + other.lastMemory(), worker.lastMemory());
      const idle = others.filter((other) => other.pending() === 0).sort((a, b) => a.lastUsed() - b.lastUsed());
      for (const other of idle) {
        if (sum <= bytes) return;
        other.rest();
        sum -= other.lastMemory();
      }
    },
  };
}
