import type { LeafFields, MerkleSumProof, Receipt } from "@surety/protocol";
import { sealOutput } from "@surety/protocol";
import type { Address, Hex } from "viem";

/** A node of a path, as the court takes it. */
export type PathNode = { hash: Hex; sum: bigint };

/** A leaf of a committed log with its path, as the court takes it (IEvidence.sol). */
export type CourtProof = {
  leaf: {
    provider: Address;
    modelId: Hex;
    epoch: bigint;
    seq: number;
    slot: number;
    client: Address;
    inputHash: Hex;
    sealedOutput: Hex;
    units: number;
    servedAtMs: bigint;
    latencyMs: number;
  };
  /** Siblings from the leaf to the root. */
  path: readonly PathNode[];
};

/** What a leaf hides, as the court takes it: the salt of its seal and the canonical tensors. */
export type CourtOpening = { salt: Hex; inputs: Hex; outputs: Hex };

/** Puts a leaf and its path into the court's form. */
export function courtProof(
  { sealed, ...fields }: LeafFields,
  { siblings }: Pick<MerkleSumProof, "siblings">,
): CourtProof {
  return { leaf: { ...fields, sealedOutput: sealed }, path: siblings };
}

/** The proof of the leaf that an honest log holds for a receipt. @param salt of the leaf's seal */
export function receiptProof({ outputHash, ...fields }: Receipt, salt: Hex, path: readonly PathNode[]): CourtProof {
  return { leaf: { ...fields, sealedOutput: sealOutput(salt, outputHash) }, path };
}
