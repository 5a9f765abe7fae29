import {
  type Clock,
  domainProblem,
  encodeTensors,
  epochAt,
  type ModelManifest,
  modelId as modelIdOf,
  type Receipt,
  type ReceiptDomain,
  type RecoverSigner,
  receiptProblem,
  recoverReceiptSigner,
  SuretyError,
  signRequest,
  type Tensor,
  tensorHash,
  units,
} from "@surety/protocol";
import { type Address, bytesToHex, type Hex, isAddressEqual, type LocalAccount, sha256, zeroAddress } from "viem";
import type { SavedReceipt } from "./court/saved-receipt.ts";
import { HEADER_LENGTH, type OipMessage } from "./oip/message.ts";
import { receiptOf } from "./oip/receipt-parameters.ts";
import { encodeInferRequest } from "./oip/request.ts";
import { requestParameters } from "./oip/request-parameters.ts";
import { decodeInferResponse } from "./oip/response.ts";

/** How a message reaches a provider, which is a stranger: bounded in bytes and time, without redirects. */
export type Post = (
  url: string,
  message: OipMessage,
) => Promise<{ status: number; headers: Record<string, string>; body: Uint8Array }>;

/** What a client of a provider is made from. */
export type InferClientOptions = {
  /** Base URL, as the registry has it. */
  endpoint: string;
  provider: Address;
  /** Who signs its receipts now, as the registry has it. */
  operator: Address;
  /** Where the receipts are worth something: {@link receiptDomain} of the deployment. */
  domain: ReceiptDomain;
  /** The epochs' clock, as `EpochClock` has it: a receipt of another epoch could not be demanded. */
  clock: Clock;
  /** Signs each request, so that the receipt names it and it is restored if the answer is found wrong. Default: nobody. */
  account?: Pick<LocalAccount, "address" | "signTypedData"> | undefined;
  post: Post;
  /** How receipts' signers are recovered. Default: viem's portable code. */
  recover?: RecoverSigner;
  /** How far the provider's clock may be off, milliseconds. Default 2,000. */
  skewMs?: number;
  /** Unix milliseconds. Default: the system's clock. */
  now?: () => number;
};

/** An answer whose receipt was checked, with the receipt to keep. */
export type Answered = SavedReceipt & {
  outputs: Tensor[];
  /** The answer as it came: a file of it is a kept receipt. */
  body: Uint8Array;
  headerLength: string | undefined;
};

/** A way to ask a provider. */
export type InferClient = ReturnType<typeof createInferClient>;

/** What a provider says to a refusal: the text of `{"error": ...}`, or the start of what came. */
function reasonOf(body: Uint8Array): string {
  const text = new TextDecoder().decode(body.subarray(0, 2_000));
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    if (typeof error === "string") return error;
  } catch {
    // Not of the protocol: shown as it is.
  }
  return text.slice(0, 200) || "no reason given";
}

/**
 * Asks a provider and takes no answer without the receipt that belongs to it: signed by its operator over these very
 * inputs, outputs, this moment and this client. Whoever keeps it can go to the court with it (`createCourt`).
 *
 * With an account each request is signed: it is good for one answer of this provider to these inputs, for half a minute.
 */
export function createInferClient(options: InferClientOptions) {
  const { endpoint, provider, operator, domain, clock, account, recover, post } = options;
  const { skewMs = 2_000, now = Date.now } = options;
  const client = (account?.address.toLowerCase() ?? zeroAddress) as Address;
  const lower = <T extends Hex>(hex: T) => hex.toLowerCase() as T;

  const signed = async (modelId: Hex, inputHash: Hex) => {
    if (!account) return {};
    const nonce = bytesToHex(crypto.getRandomValues(new Uint8Array(32)));
    const request = { provider, modelId, client, inputHash, signedAtMs: BigInt(Math.floor(now())), nonce };
    return requestParameters(request, await signRequest(request, domain, account));
  };

  const refuse = (receipt: Receipt, problem: string): SuretyError =>
    new SuretyError(
      "INFER_BAD_RECEIPT",
      `the answer of ${endpoint} is not taken: ${problem === "RECEIPT_CLIENT" ? `its receipt names client ${receipt.client}, needs ${client}` : `its receipt is another one's (${problem})`}`,
      { details: { problem, receipt } },
    );

  return {
    /**
     * Asks for all outputs of a model, under its manifest's name.
     * @throws SuretyError INFER_OUTSIDE_DOMAIN, before anything is sent
     * @throws SuretyError INFER_REFUSED with the provider's reason, INFER_NO_RECEIPT, INFER_BAD_RECEIPT,
     * INFER_BAD_SIGNATURE; OIP_MALFORMED or SDK_MALFORMED for an answer that is none; what `post` throws
     */
    infer: async (manifest: ModelManifest, inputs: Tensor[]): Promise<Answered> => {
      const outside = domainProblem(manifest, inputs);
      if (outside !== null) throw new SuretyError("INFER_OUTSIDE_DOMAIN", `${outside}; nothing was sent`);
      const modelId = modelIdOf(manifest);
      const inputHash = tensorHash(inputs);
      const parameters = await signed(modelId, inputHash);
      const message = encodeInferRequest({ inputs, parameters, binaryOutput: true });
      const sentMs = now();
      const url = `${endpoint.replace(/\/+$/, "")}/v2/models/${encodeURIComponent(manifest.name)}/infer`;
      const { status, headers, body } = await post(url, message);
      if (status !== 200) {
        const retryable = status === 429 || status === 503;
        const details = { status };
        throw new SuretyError("INFER_REFUSED", `${url} refused with ${status}: ${reasonOf(body)}`, {
          retryable,
          details,
        });
      }
      const headerLength = headers[HEADER_LENGTH];
      const { outputs, parameters: given } = decodeInferResponse({ body, headerLength });
      const saved = receiptOf(given);
      if (saved === null) {
        throw new SuretyError("INFER_NO_RECEIPT", `the answer of ${endpoint} carries no receipt: it proves nothing`);
      }
      const { receipt, signature } = saved;
      const problem = receiptProblem(receipt, {
        provider: lower(provider),
        modelId,
        epoch: epochAt(clock, BigInt(Math.floor(sentMs / 1000))),
        client,
        inputHash,
        outputHash: sha256(encodeTensors(outputs)),
        units: units(manifest, inputs),
        epochs: clock,
        sentMs,
        receivedMs: now(),
        skewMs,
      });
      if (problem !== null) throw refuse(receipt, problem);
      const signer = await recoverReceiptSigner(domain, receipt, signature, recover);
      if (!isAddressEqual(signer, operator)) {
        throw new SuretyError(
          "INFER_BAD_SIGNATURE",
          `the receipt was signed by ${signer}, needs the operator ${operator}`,
        );
      }
      return { receipt, signature, outputs, body, headerLength };
    },
  };
}
