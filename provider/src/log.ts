import type { Log } from "@surety/node-kit";
import { epochAt } from "@surety/protocol";
import type { Hex } from "viem";
import type { Head, ProviderChain } from "./chain.ts";
import type { Numbering } from "./numbering.ts";
import type { ReceiptStore } from "./store.ts";
import type { Trees } from "./trees.ts";

/** Commits the epochs' logs. */
export type LogCommitter = {
  /** Starts what is due at this head; commits run on while other work goes on. */
  step(head: Head): Promise<void>;
  /** Resolves when no commit is under way. */
  idle(): Promise<void>;
};

/** What {@link createLogCommitter} needs. */
export type LogCommitterOptions = {
  chain: ProviderChain;
  modelIds: readonly Hex[];
  store: ReceiptStore;
  numbering: Numbering;
  trees: Trees;
  log: Log;
  /** Unix milliseconds. */
  now: () => number;
};

/**
 * After an epoch's end: closes it, builds its tree and commits the root while `end <= chain time < logEnd`
 * (docs/protocol.md section 5). An epoch without receipts is committed too: a missing log is a fault.
 *
 * State first: the epoch is closed in the store before its tree is built, so a restart builds the same tree; and what the
 * chain holds already is never sent again. The law `logWindow + beaconLag < L` leaves one epoch at a time in its window.
 */
export function createLogCommitter(options: LogCommitterOptions): LogCommitter {
  const { chain, modelIds, store, numbering, trees, log, now } = options;
  const running = new Map<string, Promise<void>>();

  /** Brings one epoch's log onto the chain while its window is open; finds out what became of it afterwards. */
  const conclude = async (modelId: Hex, epoch: bigint, open: boolean): Promise<void> => {
    const facts = { modelId, epoch: String(epoch) };
    if ((await chain.promiseAt(modelId, epoch)) === null) {
      store.setLogState(modelId, epoch, "unpromised");
      return;
    }
    numbering.close(modelId, epoch);
    const { root, count, units, slots } = await trees.of(modelId, epoch);
    let committed = await chain.logOf(modelId, epoch);
    if (committed === null && open) {
      await chain.commitLog({ modelId, epoch, root, count, units, slots });
      committed = await chain.logOf(modelId, epoch);
    }
    if (committed?.root === root) {
      store.setLogState(modelId, epoch, "committed");
      log.info({ ...facts, root, count, units: String(units) }, "log committed");
    } else if (committed !== null) {
      store.setLogState(modelId, epoch, "missed");
      const both = { ...facts, have: root, committed: committed.root };
      log.fatal(both, "another log is committed for this epoch: a second provider uses this key, or this store is old");
    } else if (!open) {
      store.setLogState(modelId, epoch, "missed");
      log.error(facts, "the log window passed without a commit: that costs stake");
    }
  };

  const start = (modelId: Hex, epoch: bigint, open: boolean): void => {
    const key = `${modelId}:${epoch}`;
    const state = store.logState(modelId, epoch);
    if (running.has(key) || (state !== null && state !== "closed")) return;
    const done = conclude(modelId, epoch, open)
      .catch((err: unknown) =>
        log.warn({ err, modelId, epoch: String(epoch) }, "the log is not committed yet, trying again"),
      )
      .finally(() => running.delete(key));
    running.set(key, done);
  };

  return {
    idle: async () => {
      await Promise.all(running.values());
    },
    step: async (head) => {
      const { clock } = chain.identity;
      if (head.timestamp < clock.genesis + clock.length) return;
      const epoch = epochAt(clock, head.timestamp) - 1n;
      const { end, logEnd } = await chain.times(epoch);
      // The wall clock gives receipts their epoch: while it lags, this one may still take some.
      if (BigInt(now()) < end * 1000n) return;
      for (const modelId of modelIds) {
        start(modelId, epoch, head.timestamp < logEnd);
        for (const earlier of store.epochs(modelId)) if (earlier < epoch) start(modelId, earlier, false);
      }
    },
  };
}
