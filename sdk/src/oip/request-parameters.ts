import type { ClientRequest } from "@surety/protocol";
import type { Hex } from "viem";
import { address, hex, malformed, record, uint64 } from "../strict.ts";
import type { OipParameters } from "./message.ts";
import { parseJson, SIGNATURE } from "./receipt-parameters.ts";

const REQUEST = "surety_request";
const FIELDS = ["client", "signedAtMs", "nonce"] as const;

/** What of a signed request travels: provider, model and inputs are what they are where it arrives. */
export type RequestClaim = { signed: Pick<ClientRequest, (typeof FIELDS)[number]>; signature: Hex };

/** The parameters of a request that say who signed it: the protocol allows only flat scalars there. */
export const requestParameters = ({ client, signedAtMs, nonce }: ClientRequest, signature: Hex): OipParameters => ({
  [REQUEST]: JSON.stringify({ client: client.toLowerCase(), signedAtMs: String(signedAtMs), nonce }),
  [SIGNATURE]: signature,
});

/**
 * Who says to have signed a request. The signature is not checked here.
 * @returns null if the request was not signed
 * @throws SuretyError SDK_MALFORMED for a claim with absent, unknown or impossible fields
 */
export function requestClaimOf(parameters: OipParameters | undefined): RequestClaim | null {
  const text = parameters?.[REQUEST];
  const signature = parameters?.[SIGNATURE];
  if (text === undefined && signature === undefined) return null;
  if (typeof text !== "string" || text.length > 512) {
    throw malformed(REQUEST, text ?? "absent", "a JSON text of 512 characters at most");
  }
  const r = record(REQUEST, parseJson(REQUEST, text), FIELDS);
  const client = address(`${REQUEST}.client`, r.client);
  if (/^0x0+$/.test(client)) throw malformed(`${REQUEST}.client`, client, "the address that signed");
  return {
    signed: {
      client,
      signedAtMs: uint64(`${REQUEST}.signedAtMs`, r.signedAtMs),
      nonce: hex(`${REQUEST}.nonce`, r.nonce, 32),
    },
    signature: hex(SIGNATURE, signature, 65),
  };
}
