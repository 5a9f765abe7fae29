import { setTimeout as delay } from "node:timers/promises";

/** Local time, for waiting only: rules go by the chain's time. */
export type Clock = {
  /** Milliseconds since 1970. */
  now(): number;
  /** Waits; an aborted signal ends the wait early, without an error. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

/** The machine's clock. */
export const systemClock: Clock = {
  now: Date.now,
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal && { signal });
    } catch (error) {
      if ((error as Error).name !== "AbortError") throw error;
    }
  },
};
