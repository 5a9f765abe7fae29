import { recoverSigner } from "@surety/node-kit";
import {
  type ClientRequest,
  REQUEST_AHEAD_MS,
  REQUEST_LIFETIME_MS,
  type ReceiptDomain,
  type RecoverSigner,
  recoverDigestSigner,
  requestDigest,
  SuretyError,
} from "@surety/protocol";
import type { RequestClaim } from "@surety/sdk";
import type { Address, Hex } from "viem";
import { badSignature, notReady } from "./errors.ts";

/** A signed request that may be answered now, once. */
export type Admitted = {
  /** Lower case. */
  client: Address;
  /** Lets it be answered after all: nothing was numbered for it. */
  release(): void;
};

/** Takes each signed request once. */
export type SignedRequests = {
  /**
   * Refuses by time alone, before anything is computed.
   * @throws SuretyError PROVIDER_SIGNATURE_EXPIRED, PROVIDER_NOT_READY soon after the start
   */
  checkTime(claim: RequestClaim): void;
  /**
   * @throws SuretyError PROVIDER_REQUEST_REPEATED if it was taken before, PROVIDER_BAD_SIGNATURE unless its client signed
   * for this provider, model and input
   */
  take(claim: RequestClaim, asked: Pick<ClientRequest, "modelId" | "inputHash">): Promise<Admitted>;
};

/**
 * Without memory on disk: what was signed before this process knew what it takes is refused, so that a restart does not
 * answer a request twice. Whoever sees a signed request can send it again within its lifetime, for nothing: it is taken
 * once, and only a receipt by this provider names its client.
 * @param options.now Unix milliseconds
 */
export function createSignedRequests(options: {
  domain: ReceiptDomain;
  provider: Address;
  now: () => number;
  recover?: RecoverSigner;
}): SignedRequests {
  const { domain, provider, now, recover = recoverSigner } = options;
  /** Digests of what was taken, and when it was signed; about in that order. */
  const taken = new Map<Hex, bigint>();
  /** What was signed until here may have been taken and forgotten, also if the clock is set back. */
  let forgotten = BigInt(now() + REQUEST_AHEAD_MS);

  const forget = (): void => {
    const horizon = BigInt(now() - REQUEST_LIFETIME_MS);
    for (const [digest, signedAtMs] of taken) {
      if (signedAtMs >= horizon) return;
      taken.delete(digest);
      if (signedAtMs > forgotten) forgotten = signedAtMs;
    }
  };

  const checkTime: SignedRequests["checkTime"] = ({ signed: { signedAtMs } }) => {
    const atMs = now();
    const age = BigInt(atMs) - signedAtMs;
    if (age <= REQUEST_LIFETIME_MS && age >= -REQUEST_AHEAD_MS && signedAtMs > forgotten) return;
    const when = `the request was signed at ${signedAtMs} (Unix ms)`;
    if (signedAtMs <= forgotten && age <= REQUEST_LIFETIME_MS) {
      throw notReady(`${when}; what was signed before ${forgotten} may have been answered already: sign it again now`);
    }
    const need = `at most ${REQUEST_LIFETIME_MS} ms ago and ${REQUEST_AHEAD_MS} ms ahead`;
    throw new SuretyError(
      "PROVIDER_SIGNATURE_EXPIRED",
      `${when}, by this provider's clock ${age} ms ago, needs ${need}: set the clock and sign again`,
    );
  };

  return {
    checkTime,
    take: async (claim, { modelId, inputHash }) => {
      checkTime(claim);
      const request: ClientRequest = { provider, modelId, inputHash, ...claim.signed };
      const { client } = request;
      const digest = requestDigest(domain, request);
      // Nothing may wait between the question and the note, or two copies that come together would both be answered.
      const refuseRepeated = (): void => {
        if (!taken.has(digest)) return;
        const message = "this signed request was answered already, or is being: sign it again with another nonce";
        throw new SuretyError("PROVIDER_REQUEST_REPEATED", message);
      };
      refuseRepeated();
      const signer = await recoverDigestSigner(digest, claim.signature, recover).catch((cause) => {
        throw badSignature(`${(cause as Error).message}`, cause);
      });
      if (signer.toLowerCase() !== client) {
        const { chainId, verifyingContract } = domain;
        throw badSignature(
          `${signer} signed, or another content was; needs ${client} over provider ${provider}, modelId ${modelId}, inputHash ${inputHash} and the signedAtMs and nonce sent, on chain ${chainId} for ${verifyingContract}. A contract's wallet cannot sign requests`,
        );
      }
      refuseRepeated();
      forget();
      taken.set(digest, claim.signed.signedAtMs);
      return { client, release: () => void taken.delete(digest) };
    },
  };
}
