import { type Receipt, SuretyError } from "@surety/protocol";
import { type CourtOpening, type CourtProof, courtProof } from "@surety/sdk";
import { type Hex, toHex } from "viem";
import type { ProviderChain } from "../chain.ts";
import type { EpochKeys } from "../epoch-key.ts";
import type { ReceiptStore } from "../store.ts";
import type { OpenedLeaf } from "../tree-messages.ts";
import type { EpochTree, Trees } from "../trees.ts";

/** A leaf with all that the court may ask of it. */
export type KeptLeaf = { receipt: Receipt; salt: Hex; proof: CourtProof; opening: CourtOpening };

/** Finds leaves of committed logs in the provider's own store. */
export type KeptLeaves = {
  /** The leaf of a receipt's number. */
  bySeq(modelId: Hex, epoch: bigint, seq: number): Promise<KeptLeaf>;
  /** The leaf that holds a unit of the log. */
  byPosition(modelId: Hex, epoch: bigint, position: bigint): Promise<KeptLeaf>;
};

/**
 * Finds leaves by number or unit, with path, salt and tensors.
 * They throw SuretyError PROVIDER_FOREIGN_LOG or PROVIDER_STORE_GAP if the store cannot show what the chain committed to.
 */
export function createKeptLeaves(deps: {
  chain: ProviderChain;
  store: ReceiptStore;
  trees: Trees;
  keys: EpochKeys;
}): KeptLeaves {
  const { chain, store, trees, keys } = deps;

  const find = async (
    modelId: Hex,
    epoch: bigint,
    open: (tree: EpochTree) => Promise<OpenedLeaf[]>,
  ): Promise<KeptLeaf> => {
    const [tree, committed] = await Promise.all([trees.of(modelId, epoch), chain.logOf(modelId, epoch)]);
    if (committed?.root !== tree.root) {
      const message = `The committed log of epoch ${epoch} is not the one in this store: restore the store from a backup.`;
      throw new SuretyError("PROVIDER_FOREIGN_LOG", message);
    }
    const [{ index, proof }] = (await open(tree)) as [OpenedLeaf];
    const row = store.receipt(modelId, epoch, index);
    if (row === null) {
      throw new SuretyError("PROVIDER_STORE_GAP", `Receipt ${index} of epoch ${epoch} is not in the store.`);
    }
    const { receipt, sealed, inputs, outputs } = row;
    const { outputHash: _, ...fields } = receipt;
    const salt = toHex(keys.salt(modelId, epoch, index));
    return {
      receipt,
      salt,
      proof: courtProof({ ...fields, sealed }, proof),
      opening: { salt, inputs: toHex(inputs), outputs: toHex(outputs) },
    };
  };

  return {
    bySeq: (modelId, epoch, seq) => find(modelId, epoch, (tree) => tree.prove([seq])),
    byPosition: (modelId, epoch, position) => find(modelId, epoch, (tree) => tree.open([position])),
  };
}
