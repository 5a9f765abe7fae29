import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, encodeAbiParameters, type Hex, hexToBytes, keccak256 } from "viem";
import { bytes32, small } from "./check.ts";
import { checkReceipt, type Receipt } from "./receipt.ts";

/** A receipt's fields with the output sealed: what the provider commits to before anybody knows what is looked at. */
export type LeafFields = Omit<Receipt, "outputHash"> & {
  /** {@link sealOutput} of the output hash. */
  sealed: Hex;
};

const PAIR = [{ type: "bytes32" }, { type: "bytes32" }] as const;

const LEAF = [
  { type: "address" },
  { type: "bytes32" },
  { type: "uint64" },
  { type: "uint32" },
  { type: "uint8" },
  { type: "address" },
  { type: "bytes32" },
  { type: "bytes32" },
  { type: "uint32" },
  { type: "uint64" },
  { type: "uint32" },
] as const;

/**
 * Salt of one leaf: HMAC-SHA256(epochKey, seq as u32 big-endian), docs/protocol.md section 5. Without it an output of few
 * bits could be guessed from its hash.
 * @param epochKey 32 secret bytes that the provider keeps until outputs open
 */
export function leafSalt(epochKey: Hex, seq: number): Hex {
  const message = new Uint8Array(4);
  new DataView(message.buffer).setUint32(0, small("seq", seq, 2 ** 32 - 1), false);
  return bytesToHex(hmac(sha256, hexToBytes(bytes32("epochKey", epochKey)), message));
}

/** `keccak256(abi.encode(leafSalt, outputHash))`. */
export const sealOutput = (salt: Hex, outputHash: Hex): Hex =>
  keccak256(encodeAbiParameters(PAIR, [bytes32("leafSalt", salt), bytes32("outputHash", outputHash)]));

/** Hash of a leaf, doubled so that no inner node can pass for one (section 5). */
export function leafHash(fields: LeafFields): Hex {
  const { sealed, ...rest } = fields;
  const r = checkReceipt({ ...rest, outputHash: bytes32("sealed", sealed) });
  return keccak256(
    keccak256(
      encodeAbiParameters(LEAF, [
        r.provider,
        r.modelId,
        r.epoch,
        r.seq,
        r.slot,
        r.client,
        r.inputHash,
        r.outputHash,
        r.units,
        r.servedAtMs,
        r.latencyMs,
      ]),
    ),
  );
}
