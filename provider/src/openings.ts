import type { Log } from "@surety/node-kit";
import { SuretyError, samplePositions } from "@surety/protocol";
import { encodeOpening, type InputLeaf, type OutputLeaf } from "@surety/sdk";
import { type Hex, toHex } from "viem";
import type { Head, ProviderChain } from "./chain.ts";
import type { EpochKeys } from "./epoch-key.ts";
import { tooEarly, unknownEpoch, unknownModel } from "./errors.ts";
import type { ReceiptStore, StoredReceipt } from "./store.ts";
import type { Trees } from "./trees.ts";

/** Shows the sampled leaves, each part at its time. */
export type Openings = {
  /** Reads what seeds were drawn. */
  step(head: Head): Promise<void>;
  /**
   * JSON of the sampled leaves with their inputs, from the epoch's seed on.
   * @throws SuretyError PROVIDER_TOO_EARLY, PROVIDER_UNKNOWN_MODEL, PROVIDER_UNKNOWN_EPOCH
   */
  inputs(modelId: string, epoch: bigint): string;
  /** JSON of the same leaves' salts and outputs, from `commitEnd` on; errors as `inputs`. */
  outputs(modelId: string, epoch: bigint): string;
};

/** What {@link createOpenings} needs. */
export type OpeningsOptions = {
  chain: ProviderChain;
  modelIds: readonly Hex[];
  store: ReceiptStore;
  trees: Trees;
  keys: EpochKeys;
  log: Log;
};

type Opened = { seed: Hex; commitEnd: bigint; indices: number[]; inputs: string; outputs?: string };

/** Epochs whose openings verifiers still ask for; older ones come from the store again. */
const KEPT = 64;

/**
 * Serves the openings of docs/protocol.md section 3. Chain time decides, never the wall clock: an output that leaves
 * before `commitEnd` could be copied instead of computed.
 */
export function createOpenings({ chain, modelIds, store, trees, keys, log }: OpeningsOptions): Openings {
  const { provider } = chain.identity;
  const opened = new Map<string, Opened>();
  /** Epochs whose samples can no longer change. */
  const final = new Set<bigint>();
  let head: Head | null = null;
  const keyOf = (modelId: Hex, epoch: bigint): string => `${modelId}:${epoch}`;

  const row = (modelId: Hex, epoch: bigint, index: number): StoredReceipt => {
    const found = store.receipt(modelId, epoch, index);
    if (found !== null) return found;
    throw new SuretyError("PROVIDER_STORE_GAP", `Receipt ${index} of epoch ${epoch} is not in the store.`);
  };

  /** Builds the opening of one log for a seed; null while the chain holds no log. */
  const open = async (modelId: Hex, epoch: bigint, seed: Hex, commitEnd: bigint): Promise<Opened | null> => {
    const committed = await chain.logOf(modelId, epoch);
    if (committed === null) return null;
    const tree = await trees.of(modelId, epoch);
    if (committed.root !== tree.root) {
      throw new SuretyError(
        "PROVIDER_FOREIGN_LOG",
        `The committed log of epoch ${epoch} is not the one in this store.`,
      );
    }
    const positions = samplePositions({ seed, provider, modelId, epoch, m: committed.m, units: committed.units });
    const sampled = await tree.open(positions);
    const leaves = sampled.map(({ index, proof }): InputLeaf => {
      const { receipt, sealed, inputs } = row(modelId, epoch, index);
      const { outputHash: _, ...fields } = receipt;
      return { index, fields: { ...fields, sealed }, proof, inputs };
    });
    const indices = sampled.map(({ index }) => index);
    return { seed, commitEnd, indices, inputs: encodeOpening({ provider, modelId, epoch, leaves }) };
  };

  const outputsOf = (modelId: Hex, epoch: bigint, indices: readonly number[]): string => {
    const leaves = indices.map((index): OutputLeaf => {
      const { outputs } = row(modelId, epoch, index);
      return { index, salt: toHex(keys.salt(modelId, epoch, index)), outputs };
    });
    return encodeOpening({ provider, modelId, epoch, leaves });
  };

  const refresh = async (modelId: Hex, epoch: bigint, seed: Hex, commitEnd: bigint): Promise<void> => {
    const key = keyOf(modelId, epoch);
    if (opened.get(key)?.seed === seed) return;
    // A seed can change under a reorganisation, and the samples with it.
    opened.delete(key);
    const opening = await open(modelId, epoch, seed, commitEnd);
    if (opening === null) return;
    opened.set(key, opening);
    for (const old of opened.keys()) if (opened.size > KEPT * modelIds.length) opened.delete(old);
    log.info({ modelId, epoch: String(epoch), leaves: opening.indices.length }, "inputs open");
  };

  const find = (id: string, epoch: bigint): { modelId: Hex; found: Opened } => {
    const modelId = modelIds.find((known) => known === id.toLowerCase());
    if (modelId === undefined) throw unknownModel(id);
    const found = opened.get(keyOf(modelId, epoch));
    if (found !== undefined) return { modelId, found };
    const state = store.logState(modelId, epoch);
    if (state === "committed" && final.has(epoch))
      throw unknownEpoch(epoch, "no seed was drawn in time, nothing is sampled");
    if (state === "committed" || state === "closed") throw tooEarly(`the seed of epoch ${epoch} is not drawn yet`);
    if (state !== null) throw unknownEpoch(epoch, `its log is ${state}, there is nothing to open`);
    if (store.totals(modelId, epoch).count > 0) throw tooEarly(`epoch ${epoch} is not over yet`);
    throw unknownEpoch(epoch, "nothing was served");
  };

  const stepEpoch = async (epoch: bigint, at: Head): Promise<void> => {
    const { seedTime, commitEnd } = await chain.times(epoch);
    const logs = modelIds.filter((id) => store.logState(id, epoch) === "committed");
    if (at.timestamp < seedTime || logs.length === 0) return;
    const drawn = await chain.seedOf(epoch);
    // A seed that comes too late samples nothing (docs/protocol.md section 3).
    if (drawn !== null && drawn.drawnAt < commitEnd) {
      for (const modelId of logs) await refresh(modelId, epoch, drawn.seed, commitEnd);
    }
    if (at.timestamp >= commitEnd) final.add(epoch);
  };

  return {
    step: async (at) => {
      head = at;
      const epochs = new Set(modelIds.flatMap((id) => store.epochs(id)));
      for (const epoch of epochs) if (!final.has(epoch)) await stepEpoch(epoch, at);
      for (const epoch of final) if (!epochs.has(epoch)) final.delete(epoch);
    },
    inputs: (id, epoch) => find(id, epoch).found.inputs,
    outputs: (id, epoch) => {
      const { modelId, found } = find(id, epoch);
      if (head === null || head.timestamp < found.commitEnd) {
        throw tooEarly(
          `outputs of epoch ${epoch} open at chain time ${found.commitEnd}, it is ${head?.timestamp ?? 0}`,
        );
      }
      found.outputs ??= outputsOf(modelId, epoch, found.indices);
      return found.outputs;
    },
  };
}
