import { type Address, type Hex, hashStruct, hashTypedData, type LocalAccount } from "viem";
import { address, bytes32, uint } from "./check.ts";
import type { ReceiptDomain } from "./receipt.ts";
import { type RecoverSigner, recoverDigestSigner } from "./signature.ts";

/** What a client signs to be named in the receipt of one answer (docs/protocol.md section 5). */
export type ClientRequest = {
  /** Who is asked, by the address that registered: no other provider can use the signature. */
  provider: Address;
  modelId: Hex;
  /** Who asks and signs: an account with a key, as a contract's wallet cannot be asked at every request. */
  client: Address;
  /** SHA-256 of the canonical input tensors. */
  inputHash: Hex;
  /** By the client's clock, Unix milliseconds. */
  signedAtMs: bigint;
  /** Random 32 bytes: equal questions of one millisecond are two requests, and each is answered once. */
  nonce: Hex;
};

/** Milliseconds for which a signed request is taken. */
export const REQUEST_LIFETIME_MS = 30_000;
/** Milliseconds that a client's clock may be ahead of the provider's. */
export const REQUEST_AHEAD_MS = 2_000;

/** EIP-712 types of a signed request, in the order that is signed. */
export const requestTypes = {
  Request: [
    { name: "provider", type: "address" },
    { name: "modelId", type: "bytes32" },
    { name: "client", type: "address" },
    { name: "inputHash", type: "bytes32" },
    { name: "signedAtMs", type: "uint64" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;

/** @returns the request with its hex in lower case; refuses fields out of range, so that one request has one form. */
export function checkRequest(r: ClientRequest): ClientRequest {
  return {
    provider: address("provider", r.provider),
    modelId: bytes32("modelId", r.modelId),
    client: address("client", r.client),
    inputHash: bytes32("inputHash", r.inputHash),
    signedAtMs: uint("signedAtMs", r.signedAtMs, 64),
    nonce: bytes32("nonce", r.nonce),
  };
}

const typed = (domain: ReceiptDomain, r: ClientRequest) =>
  ({ domain, types: requestTypes, primaryType: "Request", message: checkRequest(r) }) as const;

/** EIP-712 struct hash of a request. */
export const requestStructHash = (r: ClientRequest): Hex =>
  hashStruct({ data: checkRequest(r), types: requestTypes, primaryType: "Request" });

/** EIP-712 digest, what the client's key signs; also the name of the request, whatever its signature. */
export const requestDigest = (domain: ReceiptDomain, r: ClientRequest): Hex => hashTypedData(typed(domain, r));

/** Signs a request. @param signer the client's account, which can sign typed data */
export const signRequest = (
  r: ClientRequest,
  domain: ReceiptDomain,
  signer: Pick<LocalAccount, "signTypedData">,
): Promise<Hex> => signer.signTypedData(typed(domain, r));

/**
 * The address that signed a request, checksummed.
 * @param recover another way than viem's, for those who check many
 * @throws SuretyError PROTOCOL_BAD_SIGNATURE as {@link recoverDigestSigner}
 */
export const recoverRequestSigner = (
  domain: ReceiptDomain,
  r: ClientRequest,
  signature: Hex,
  recover?: RecoverSigner,
): Promise<Address> => recoverDigestSigner(requestDigest(domain, r), signature, recover);
