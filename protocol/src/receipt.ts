import { type Address, type Hex, hashStruct, hashTypedData, type LocalAccount, type TypedDataDomain } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { address, bytes32, small, type Uint, uint } from "./check.ts";
import { SLOTS } from "./schedule.ts";
import { type RecoverSigner, recoverDigestSigner } from "./signature.ts";

/** What a provider signs for one inference and hands to the client (docs/protocol.md section 5). */
export type Receipt = {
  /** The address that registered, for ever; the signer is its operator. */
  provider: Address;
  modelId: Hex;
  epoch: bigint;
  /** Dense from 0 per (provider, model, epoch); the index of the leaf. */
  seq: number;
  /** Slot of the epoch in which it was served, 0 to 23. */
  slot: number;
  /** Zero unless the request was signed. */
  client: Address;
  /** SHA-256 of the canonical input tensors. */
  inputHash: Hex;
  /** SHA-256 of the canonical output tensors. */
  outputHash: Hex;
  /** Rows of the batch axis, 1 if none. */
  units: number;
  /** Unix milliseconds. */
  servedAtMs: bigint;
  latencyMs: number;
};

/** EIP-712 types of a receipt, in the order that is signed. */
export const receiptTypes = {
  Receipt: [
    { name: "provider", type: "address" },
    { name: "modelId", type: "bytes32" },
    { name: "epoch", type: "uint64" },
    { name: "seq", type: "uint32" },
    { name: "slot", type: "uint8" },
    { name: "client", type: "address" },
    { name: "inputHash", type: "bytes32" },
    { name: "outputHash", type: "bytes32" },
    { name: "units", type: "uint32" },
    { name: "servedAtMs", type: "uint64" },
    { name: "latencyMs", type: "uint32" },
  ],
} as const;

/** Domain of Surety's receipts and signed requests: the home chain and the contract that holds the logs. */
export type ReceiptDomain = TypedDataDomain & { chainId: bigint | number; verifyingContract: Address };

const U32 = 2 ** 32 - 1;

/** EIP-712 domain `Surety`, version 1. */
export const receiptDomain = (at: { chainId: Uint; receiptLog: Address }): ReceiptDomain => ({
  name: "Surety",
  version: "1",
  chainId: uint("chainId", at.chainId, 64),
  verifyingContract: address("receiptLog", at.receiptLog),
});

/** @returns the receipt with its hex in lower case; refuses fields out of range, so that one receipt has one form. */
export function checkReceipt(r: Receipt): Receipt {
  return {
    provider: address("provider", r.provider),
    modelId: bytes32("modelId", r.modelId),
    epoch: uint("epoch", r.epoch, 64),
    seq: small("seq", r.seq, U32),
    slot: small("slot", r.slot, SLOTS - 1),
    client: address("client", r.client),
    inputHash: bytes32("inputHash", r.inputHash),
    outputHash: bytes32("outputHash", r.outputHash),
    units: small("units", r.units, U32),
    servedAtMs: uint("servedAtMs", r.servedAtMs, 64),
    latencyMs: small("latencyMs", r.latencyMs, U32),
  };
}

const typed = (domain: ReceiptDomain, r: Receipt) =>
  ({ domain, types: receiptTypes, primaryType: "Receipt", message: checkReceipt(r) }) as const;

/** EIP-712 struct hash: what a probe's data root lists, equal on every chain. */
export const receiptStructHash = (r: Receipt): Hex =>
  hashStruct({ data: checkReceipt(r), types: receiptTypes, primaryType: "Receipt" });

/** EIP-712 digest, what the operator key signs. */
export const receiptDigest = (domain: ReceiptDomain, r: Receipt): Hex => hashTypedData(typed(domain, r));

/** Signs a receipt. @param signer the operator's private key, or an account that can sign typed data */
export async function signReceipt(
  r: Receipt,
  domain: ReceiptDomain,
  signer: Hex | Pick<LocalAccount, "signTypedData">,
): Promise<Hex> {
  const account = typeof signer === "string" ? privateKeyToAccount(bytes32("private key", signer)) : signer;
  return account.signTypedData(typed(domain, r));
}

/**
 * The address that signed a receipt, checksummed.
 * @param recover another way than viem's, for those who check many
 * @throws SuretyError PROTOCOL_BAD_SIGNATURE as {@link recoverDigestSigner}
 */
export const recoverReceiptSigner = (
  domain: ReceiptDomain,
  r: Receipt,
  signature: Hex,
  recover?: RecoverSigner,
): Promise<Address> => recoverDigestSigner(receiptDigest(domain, r), signature, recover);
