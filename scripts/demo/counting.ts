import type { Hex } from "viem";
import type { DemoState } from "./state.ts";

/** The first epoch whose demand profile is not flat for any of the models; undefined until it is known. */
export function firstCounted(state: DemoState, modelIds: readonly Hex[], firstPromised: number): number | undefined {
  // A profile reads the logs of three to nine epochs before, so this is the earliest that can be.
  const newest = state.logs.reduce((last, log) => Math.max(last, Number(log.epoch)), -1);
  for (let epoch = firstPromised + 3; epoch <= newest + 3; epoch++) {
    if (modelIds.every((modelId) => !state.profile(modelId, epoch).flat)) return epoch;
  }
  return undefined;
}

/** Epochs from `first` on, `count` of them, in which every record was settled. */
export function settledThrough(state: DemoState, records: number, first: number, count: number): number[] {
  const byEpoch = new Map<number, number>();
  for (const { epoch } of state.settled) byEpoch.set(epoch, (byEpoch.get(epoch) ?? 0) + 1);
  return Array.from({ length: count }, (_, i) => first + i).filter((epoch) => byEpoch.get(epoch) === records);
}
