import {
  decodeTensors,
  type LeafFields,
  leafHash,
  type MerkleSumProof,
  type ModelManifest,
  SuretyError,
  tensorHash,
  units,
  verifyMerkleSum,
} from "@surety/protocol";
import type { Address, Hex } from "viem";

/** What a leaf is held against: the log as committed on chain, and the model's manifest. */
export type LeafGround = {
  provider: Address;
  modelId: Hex;
  epoch: bigint;
  root: Hex;
  count: number;
  units: bigint;
  manifest: ModelManifest;
};

/** A leaf as a provider shows it; every field is a stranger's word until checked. */
export type ShownLeaf = { index: number; fields: LeafFields; proof: MerkleSumProof; inputs: Uint8Array };

const refuse = (code: string, index: number, message: string): SuretyError =>
  new SuretyError(code, `leaf ${index}: ${message}`, { details: { index } });

/**
 * Checks that a shown leaf is the committed one and that the inputs are its own (docs/protocol.md section 5).
 * @returns where the leaf stands: it is the leaf of a position p if prefix <= p < prefix + units
 * @throws SuretyError EVIDENCE_OTHER_LOG, EVIDENCE_INDEX, PROTOCOL_BAD_PROOF, PROTOCOL_BAD_TENSORS, EVIDENCE_INPUT_HASH,
 * PROTOCOL_BAD_INPUTS, EVIDENCE_UNITS: such a leaf was not opened
 */
export function checkLeaf(shown: ShownLeaf, ground: LeafGround): { prefix: bigint; units: bigint } {
  const { fields, index, inputs } = shown;
  const sameLog =
    fields.provider === ground.provider && fields.modelId === ground.modelId && fields.epoch === ground.epoch;
  if (!sameLog) throw refuse("EVIDENCE_OTHER_LOG", index, "provider, model or epoch are another log's");
  if (fields.seq !== index || shown.proof.index !== index) {
    throw refuse("EVIDENCE_INDEX", index, `its seq is ${fields.seq}, its path is for ${shown.proof.index}`);
  }
  const { prefix } = verifyMerkleSum({
    root: ground.root,
    units: ground.units,
    count: ground.count,
    leaf: leafHash(fields),
    leafUnits: fields.units,
    proof: shown.proof,
  });
  const tensors = decodeTensors(inputs);
  const hash = tensorHash(tensors);
  if (hash !== fields.inputHash) {
    throw refuse("EVIDENCE_INPUT_HASH", index, `the inputs hash to ${hash}, the leaf says ${fields.inputHash}`);
  }
  const need = units(ground.manifest, tensors);
  if (need !== fields.units) {
    throw refuse("EVIDENCE_UNITS", index, `it counts ${fields.units} units, its inputs make ${need}`);
  }
  return { prefix, units: BigInt(fields.units) };
}
