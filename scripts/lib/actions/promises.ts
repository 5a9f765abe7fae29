import type { Address, Hex } from "viem";
import type { ReadContext } from "../context.ts";
import { read } from "../contracts.ts";
import { findEvents } from "../events.ts";

/** A promise as it stands. */
export type StoredPromise = {
  modelId: Hex;
  index: bigint;
  /** 1e9 = 100 %. */
  target: number;
  latencyMs: number;
  /** Units per second. */
  capacity: number;
  firstEpoch: number;
  lastEpoch: number;
  /** In the asset's smallest unit, as is `bonded`: what it locks. */
  unitPrice: bigint;
  bonded: bigint;
  released: boolean;
  /** When its bond can be freed, Unix seconds. */
  over: bigint;
};

/**
 * Every promise that a provider ever made, in order of models and numbers.
 * @param modelIds Default: the models found in the events since the deployment, which asks the node for many blocks.
 */
export async function promisesOf(
  context: ReadContext,
  provider: Address,
  modelIds?: readonly Hex[],
): Promise<StoredPromise[]> {
  const models = modelIds ?? (await promisedModels(context, provider));
  const lists = await Promise.all(models.map((modelId) => promisesFor(context, provider, modelId)));
  return lists.flat();
}

async function promisedModels(context: ReadContext, provider: Address): Promise<Hex[]> {
  const found = await findEvents(context, "CommitmentBook", "Promised", { provider });
  return [...new Set(found.map(({ modelId }) => modelId))].toSorted();
}

async function promisesFor(context: ReadContext, provider: Address, modelId: Hex): Promise<StoredPromise[]> {
  const count = await read(context, "CommitmentBook", "count", [provider, modelId]);
  const indexes = Array.from({ length: Number(count) }, (_, i) => BigInt(i));
  return Promise.all(
    indexes.map(async (index) => {
      const made = await read(context, "CommitmentBook", "commitment", [provider, modelId, index]);
      const { capacity, unitPrice, lastEpoch } = made;
      const [bonded, { settleEnd }] = await Promise.all([
        read(context, "CommitmentBook", "bondedFor", [capacity, unitPrice]),
        read(context, "EpochClock", "times", [BigInt(lastEpoch)]),
      ]);
      return { ...made, modelId, index, bonded, over: settleEnd };
    }),
  );
}
