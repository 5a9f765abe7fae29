import { type Receipt, type ReceiptDomain, receiptTypes } from "@surety/protocol";
import { domainSeparator, type Hex, keccak256 } from "viem";

const WORD = 32;
const keccak = (bytes: Uint8Array): Buffer => Buffer.from(keccak256(bytes, "bytes").buffer);
const hex = (bytes: Buffer): Hex => `0x${bytes.toString("hex")}`;
const TYPE = `Receipt(${receiptTypes.Receipt.map(({ type, name }) => `${type} ${name}`).join(",")})`;
/** Place of `outputHash` among the words of a receipt, where a leaf has `sealed`. */
const OUTPUT = 1 + receiptTypes.Receipt.findIndex(({ name }) => name === "outputHash");

/** Hashes of one receipt. */
export type ReceiptHashes = {
  /** EIP-712 digest, what the operator key signs. */
  digest: Hex;
  /** Hash of the leaf with the output sealed. */
  leaf: Hex;
  sealed: Hex;
};

/**
 * Hashes receipts over one buffer of words: a fifth of the time of the general ABI and EIP-712 encoders, which matters
 * because every request pays for it. Equal to `receiptDigest`, `sealOutput` and `leafHash` of @surety/protocol, to which
 * the tests hold it.
 */
export function createReceiptHasher(domain: ReceiptDomain): (receipt: Receipt, salt: Uint8Array) => ReceiptHashes {
  const words = Buffer.alloc(WORD * (1 + receiptTypes.Receipt.length));
  words.set(keccak(Buffer.from(TYPE)));
  const signed = Buffer.alloc(2 + 2 * WORD);
  signed.write(`1901${domainSeparator({ domain }).slice(2)}`, "hex");
  const seal = Buffer.alloc(2 * WORD);

  const put = (at: number, value: Hex): void => {
    words.write(value.slice(2), WORD * (at + 1) - (value.length - 2) / 2, "hex");
  };
  const putUint = (at: number, value: bigint | number): void => {
    words.writeBigUInt64BE(BigInt(value), WORD * (at + 1) - 8);
  };

  return (r, salt) => {
    put(1, r.provider);
    put(2, r.modelId);
    putUint(3, r.epoch);
    putUint(4, r.seq);
    putUint(5, r.slot);
    put(6, r.client);
    put(7, r.inputHash);
    put(OUTPUT, r.outputHash);
    putUint(9, r.units);
    putUint(10, r.servedAtMs);
    putUint(11, r.latencyMs);
    signed.set(keccak(words), 2 + WORD);
    seal.set(salt);
    seal.set(words.subarray(WORD * OUTPUT, WORD * (OUTPUT + 1)), WORD);
    const sealed = keccak(seal);
    words.set(sealed, WORD * OUTPUT);
    const leaf = keccak(keccak(words.subarray(WORD)));
    return { digest: hex(keccak(signed)), leaf: hex(leaf), sealed: hex(sealed) };
  };
}
