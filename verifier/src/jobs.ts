import { setTimeout } from "node:timers/promises";
import { SuretyError } from "@surety/protocol";

type Log = { error(facts: object, message: string): void };

/** Work that outlives one round of steps. */
export type Jobs = {
  /** Starts `work` unless a job of this name is running. It gets a signal that aborts when the service stops. */
  run(name: string, work: (signal: AbortSignal) => Promise<void>): void;
  running(name: string): boolean;
  /**
   * Aborts, and waits two seconds at most. What has not ended by then finds its database closed: it writes nothing more,
   * and the next start takes it up.
   */
  stop(): Promise<void>;
};

const GRACE_MS = 2_000;

/** Makes a set of named jobs. A job that fails is logged, and the next round may start it again. */
export function createJobs(log: Log): Jobs {
  const jobs = new Map<string, Promise<void>>();
  const end = new AbortController();
  return {
    run(name, work) {
      if (jobs.has(name) || end.signal.aborted) return;
      const job = work(end.signal)
        .catch((err: unknown) => {
          if (!end.signal.aborted) log.error({ err, job: name, code: codeOf(err) }, "a job failed");
        })
        .finally(() => jobs.delete(name));
      jobs.set(name, job);
    },
    running: (name) => jobs.has(name),
    async stop() {
      end.abort();
      const grace = new AbortController();
      await Promise.race([
        Promise.all(jobs.values()),
        setTimeout(GRACE_MS, null, { signal: grace.signal }).catch(() => null),
      ]);
      grace.abort();
    },
  };
}

/** The code of an error, for records and for branching. */
export const codeOf = (error: unknown): string => (error instanceof SuretyError ? error.code : "UNEXPECTED");
