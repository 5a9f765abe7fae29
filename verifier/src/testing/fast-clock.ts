import { setTimeout } from "node:timers/promises";
import type { Clock } from "../ports.ts";

/** Simulated time: `base` (Unix milliseconds) at real time `start`, passing `speed` times as fast; 0 stands still. For tests. */
export type SimTime = { base: number; start: number; speed: number };

/** Simulated milliseconds now. */
export const simNow = ({ base, start, speed }: SimTime): number => base + (Date.now() - start) * speed;

/** Longest real wait between looks at the clock, milliseconds: it may be stopped and started. */
const LOOK_MS = 25;

/** A clock of simulated time, which may be changed while it runs; two processes with the same numbers agree. */
export function fastClock(time: SimTime): Clock {
  const now = () => simNow(time);
  return {
    now,
    monotonic: now,
    async sleep(ms, signal) {
      const until = now() + ms;
      do {
        const realMs = time.speed > 0 ? Math.max(0, until - now()) / time.speed : LOOK_MS;
        await setTimeout(Math.min(LOOK_MS, realMs), null, signal ? { signal } : {}).catch(() => null);
      } while (now() < until && !signal?.aborted);
    },
  };
}
