import type { Http } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import type { OpeningSubject } from "@surety/sdk";

/** One call to a provider for an opening. */
export type OpeningRequest = {
  http: Http;
  /** The provider's endpoint, from its registration. */
  endpoint: string;
  subject: OpeningSubject;
  /** Samples of the log: bounds the answer's size. */
  samples: number;
  deadlineMs: number;
};

/** Most bytes of one leaf in JSON: 24,576 bytes of tensors as base64, fields, and a path of 32 siblings. */
const LEAF_BYTES = 40_960 + 8_192;

/** `base` joined with `path`, whether or not the base ends in a slash. */
export const joinUrl = (base: string, path: string): string => `${base.replace(/\/+$/, "")}${path}`;

/**
 * Fetches the text of an opening (GET /surety/v1/models/{modelId}/epochs/{epoch}/{what}).
 * @throws SuretyError OPENING_TOO_EARLY (425, retryable), OPENING_REFUSED (any other status, retryable), or the client's
 */
export async function fetchOpening(request: OpeningRequest, what: "inputs" | "outputs"): Promise<string> {
  const { modelId, epoch } = request.subject;
  const url = joinUrl(request.endpoint, `/surety/v1/models/${modelId}/epochs/${epoch}/${what}`);
  const maxBytes = 4_096 + request.samples * LEAF_BYTES;
  const { status, body } = await request.http.request({ url, maxBytes, deadlineMs: request.deadlineMs });
  if (status === 200) return new TextDecoder().decode(body);
  const code = status === 425 ? "OPENING_TOO_EARLY" : "OPENING_REFUSED";
  throw new SuretyError(code, `${url} answers with status ${status}, needs 200`, {
    retryable: true,
    details: { status },
  });
}
