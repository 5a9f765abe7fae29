import type { Log } from "@surety/node-kit";
import type { Head } from "./chain.ts";
import type { Watch } from "./watch.ts";

/** Work that follows the chain's head. */
export type Step = { step(head: Head): Promise<void> };

/** What {@link startLoop} needs. */
export type LoopOptions = {
  /** Milliseconds from the end of one look to the next. */
  pollMs: number;
  log: Log;
  watch: Watch;
  steps: readonly Step[];
};

/**
 * Looks at the chain, then lets every part do what is due, again and again. A failure of one part is logged once while it
 * lasts, and holds up no other.
 * @returns ends the loop; resolves when the round under way is over
 */
export function startLoop({ pollMs, log, watch, steps }: LoopOptions): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const failing = new Map<number, string>();

  const guarded = async (part: number, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      failing.delete(part);
    } catch (err) {
      const message = err instanceof Error ? err.message : String(err);
      if (failing.get(part) !== message) log.warn({ err }, "following the chain failed, trying again");
      failing.set(part, message);
    }
  };
  const round = async (): Promise<void> => {
    await guarded(-1, () => watch.update());
    const head = watch.head();
    if (head !== null) for (const [i, part] of steps.entries()) await guarded(i, () => part.step(head));
    if (!stopped) {
      timer = setTimeout(() => {
        under = round();
      }, pollMs);
    }
  };
  let under = round();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await under;
  };
}
