import { open } from "node:fs/promises";

/** Brings a file's bytes to the disk. */
export type Syncer = {
  /** Resolves once all that was written before this call is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
};

/**
 * Syncs a file on a thread of its own, so that a slow disk delays answers but blocks nobody. Calls that come while a sync
 * runs share the next one: their bytes may have come after the first began.
 */
export async function openSyncer(path: string): Promise<Syncer> {
  const file = await open(path, "r+");
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return {
    sync: () => {
      next ??= running
        // What became of the one before is told to those who waited for it.
        .catch(() => undefined)
        .then(() => {
          running = file.datasync();
          next = undefined;
          return running;
        });
      return next;
    },
    close: async () => {
      await next?.catch(() => undefined);
      await running.catch(() => undefined);
      await file.close();
    },
  };
}
