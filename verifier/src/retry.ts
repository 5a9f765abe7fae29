import type { Clock, Rng } from "./ports.ts";
import { share } from "./random.ts";

/** Waits between attempts, milliseconds. */
export type Backoff = { firstMs: number; maxMs: number };

/** How to keep trying. */
export type Retry = {
  clock: Clock;
  rng: Rng;
  signal: AbortSignal;
  backoff: Backoff;
  /** Whether there is time for another attempt. */
  mayContinue: () => boolean;
};

/** Waits that suit a step of `windowMs`: a twentieth of it at most, from 150 ms to 30 s. */
export const backoffFor = (windowMs: number): Backoff => ({
  firstMs: 150,
  maxMs: Math.min(30_000, Math.max(150, windowMs / 20)),
});

/**
 * Attempts until `attempt` says it is done, with growing waits.
 * @returns whether it was done before time ran out or the service stopped
 */
export async function keepTrying(retry: Retry, attempt: () => Promise<boolean>): Promise<boolean> {
  const { clock, rng, signal, backoff, mayContinue } = retry;
  let waitMs = backoff.firstMs;
  while (mayContinue() && !signal.aborted) {
    if (await attempt()) return true;
    // Callers that failed together do not come back together.
    await clock.sleep(waitMs * (0.5 + share(rng) / 2), signal);
    waitMs = Math.min(backoff.maxMs, waitMs * 1.6);
  }
  return false;
}
