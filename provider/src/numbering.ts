import type { Hex } from "viem";
import { atCapacity, notReady } from "./errors.ts";
import type { ReceiptStore, StoredReceipt } from "./store.ts";

/** Gives every receipt its number. */
export type Numbering = {
  /** Receipts and units of an epoch so far. */
  used(modelId: Hex, epoch: bigint): { count: number; units: bigint };
  /**
   * Numbers and stores one receipt. `build` makes it from its number, at once and without waiting.
   * @returns the receipt, once it survives a crash: only then may it be signed
   * @throws SuretyError PROVIDER_AT_CAPACITY above `cap` units, PROVIDER_NOT_READY for an epoch that is closed
   */
  enter(
    modelId: Hex,
    epoch: bigint,
    units: number,
    cap: bigint,
    build: (seq: number) => StoredReceipt,
  ): Promise<StoredReceipt>;
  /** Lets no more receipts into an epoch or those before it; for ever, also after a restart. */
  close(modelId: Hex, epoch: bigint): void;
};

const MAX_COUNT = 2 ** 32 - 1;

/**
 * Numbers are dense from 0 per (model, epoch), docs/protocol.md section 5, and never given twice: two contents under one
 * number cost half the stake. They come from the store, which refuses a second row for a number whatever this memory says.
 */
export function createNumbering(store: ReceiptStore): Numbering {
  const counters = new Map<string, { count: number; units: bigint }>();
  const closed = new Map<Hex, bigint>();
  const keyOf = (modelId: Hex, epoch: bigint): string => `${modelId}:${epoch}`;
  const counter = (modelId: Hex, epoch: bigint) => {
    const key = keyOf(modelId, epoch);
    const found = counters.get(key) ?? store.totals(modelId, epoch);
    counters.set(key, found);
    return found;
  };
  const closedThrough = (modelId: Hex): bigint => {
    const through = closed.get(modelId) ?? store.closedThrough(modelId) ?? -1n;
    closed.set(modelId, through);
    return through;
  };

  return {
    used: (modelId, epoch) => ({ ...counter(modelId, epoch) }),
    enter: async (modelId, epoch, units, cap, build) => {
      if (epoch <= closedThrough(modelId)) throw notReady(`the log of epoch ${epoch} is closed`);
      const used = counter(modelId, epoch);
      if (used.units + BigInt(units) > cap) throw atCapacity(`epoch ${epoch} holds ${cap} promised units`);
      if (used.count >= MAX_COUNT) throw atCapacity(`epoch ${epoch} holds ${MAX_COUNT} receipts`);
      const row = build(used.count);
      used.count += 1;
      used.units += BigInt(units);
      try {
        await store.append(row);
      } catch (error) {
        // Nobody saw this number: it goes to the next receipt, as the store counts.
        counters.delete(keyOf(modelId, epoch));
        throw error;
      }
      return row;
    },
    close: (modelId, epoch) => {
      if (store.logState(modelId, epoch) === null) store.setLogState(modelId, epoch, "closed");
      if (epoch > closedThrough(modelId)) closed.set(modelId, epoch);
      for (const key of counters.keys()) {
        if (key.startsWith(modelId) && BigInt(key.slice(modelId.length + 1)) <= epoch) counters.delete(key);
      }
    },
  };
}
