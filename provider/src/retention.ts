import type { Log } from "@surety/node-kit";
import type { Hex } from "viem";
import type { Head, ProviderChain } from "./chain.ts";
import type { ReceiptStore } from "./store.ts";

/** Forgets epochs that can no longer be disputed. */
export type Retention = { step(head: Head): Promise<void> };

/** What {@link createRetention} needs. */
export type RetentionOptions = {
  chain: ProviderChain;
  modelIds: readonly Hex[];
  store: ReceiptStore;
  /** Whether something is undecided about an epoch before the court. */
  isHeld: (modelId: Hex, epoch: bigint) => boolean;
  log: Log;
};

/** A demand in the last second, its answer, a case in the last second after it, and the provider's answer to that. */
const ANSWERS = 3n;

/**
 * Disputes last until the later of settleEnd and the settlement, plus disputeWindow (docs/protocol.md section 3). When an
 * epoch was settled is taken from when it was first seen to be, which is never earlier than it was. What was demanded or
 * opened by then may be asked for during three answer windows more (docs/decisions/0010-the-court.md).
 */
export function createRetention({ chain, modelIds, store, isHeld, log }: RetentionOptions): Retention {
  const stepModel = async (modelId: Hex, head: Head): Promise<void> => {
    let next: bigint | null | undefined;
    for (const epoch of store.epochs(modelId)) {
      const state = store.logState(modelId, epoch);
      if (state === null || state === "closed") continue;
      const { settleEnd, disputeEnd } = await chain.times(epoch);
      if (head.timestamp < settleEnd) return;
      let settledAt = store.settledSeenAt(modelId, epoch);
      if (settledAt === null) {
        if (next === undefined) next = await chain.nextToSettle(modelId);
        if (next !== null && epoch >= next) continue;
        settledAt = head.timestamp;
        store.setSettledSeenAt(modelId, epoch, settledAt);
      }
      const tail = ANSWERS * (await chain.answerWindow(epoch));
      const late = settledAt > settleEnd ? settledAt - settleEnd : 0n;
      if (head.timestamp < disputeEnd + late + tail || isHeld(modelId, epoch)) continue;
      store.prune(modelId, epoch);
      log.debug({ modelId, epoch: String(epoch) }, "epoch forgotten");
    }
  };
  return {
    step: async (head) => {
      for (const modelId of modelIds) await stepModel(modelId, head);
    },
  };
}
