import { toFastAccount } from "@surety/node-kit";
import { type ClientRequest, type ReceiptDomain, requestDigest } from "@surety/protocol";
import { type OipParameters, requestParameters } from "@surety/sdk";
import { type Address, bytesToHex, type Hex, zeroAddress } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import type { Clock, Rng } from "../ports.ts";
import { below } from "../random.ts";
import type { Store } from "../store/index.ts";

/** Who a probe says to be: nobody, or the client that signed it. */
export type Disguise = { client: Address; parameters: OipParameters };

/** Probes of a record that ask as one client; then the share of signed requests is looked up again. */
const PROBES_PER_CLIENT = 64;

/**
 * Signs as many probes as clients sign requests: if none were signed, a provider would know every signed request for a
 * client's, and could fail those without being measured. How many are signed shows in the sampled leaves. A key is made
 * for some probes of one record and forgotten, so restitution for their leaves is fetched by nobody.
 */
export function createProbeSigning(deps: { domain: ReceiptDomain; store: Store; rng: Rng; clock: Clock }) {
  const { domain, store, rng, clock } = deps;
  const looks = new Map<string, { signed: number; all: number; account: PrivateKeyAccount; left: number }>();

  const look = (provider: Address, modelId: Hex) => {
    const key = `${provider}:${modelId}`;
    const last = looks.get(key);
    if (last && last.left-- > 0) return last;
    const account = toFastAccount(bytesToHex(rng.bytes(32)));
    const next = { ...store.leaves.signed({ provider, modelId }), account, left: PROBES_PER_CLIENT - 1 };
    looks.set(key, next);
    return next;
  };

  return async (asked: Pick<ClientRequest, "provider" | "modelId" | "inputHash">): Promise<Disguise> => {
    const { signed, all, account } = look(asked.provider, asked.modelId);
    // One of each is assumed: what has not been seen yet is tried as well.
    if (below(rng, BigInt(all + 2)) > BigInt(signed)) return { client: zeroAddress, parameters: {} };
    const client = account.address.toLowerCase() as Address;
    const nonce = bytesToHex(rng.bytes(32));
    const request = { ...asked, client, signedAtMs: BigInt(Math.floor(clock.now())), nonce };
    const signature = await account.sign({ hash: requestDigest(domain, request) });
    return { client, parameters: requestParameters(request, signature) };
  };
}
