import { createHash } from "node:crypto";
import type { Http, HttpResponse } from "@surety/node-kit";
import { encodeTensors, type Receipt, SuretyError, type Tensor } from "@surety/protocol";
import { decodeInferResponse, encodeInferRequest, HEADER_LENGTH, type OipParameters, receiptOf } from "@surety/sdk";
import type { Hex } from "viem";
import { codeOf } from "../jobs.ts";
import { joinUrl } from "../openings.ts";

/** A request as it leaves. */
export type ProbeRequest = {
  http: Http;
  endpoint: string;
  /** Name under which the model is served. */
  name: string;
  inputs: Tensor[];
  /** Who asks, where the request is signed. */
  parameters: OipParameters;
  /** The promise's bound, milliseconds. */
  latencyMs: number;
  /** Why the receipt is not the one for this probe, or null. */
  receiptProblem: (receipt: Receipt, outputHash: Hex) => string | null;
};

/** What came back. The signature is not checked yet. */
export type ProbeAnswer = {
  answered: boolean;
  /** Answered validly within the promise's bound. */
  timely: boolean;
  atCapacity: boolean;
  elapsedMs: number;
  /** Why it counts as a failure, as a code. */
  reason: string | null;
  receipt: Receipt | null;
  signature: Hex | null;
  /** Canonical bytes of the outputs. */
  outputs: Uint8Array | null;
};

const failure = (reason: string, elapsedMs: number, atCapacity = false): ProbeAnswer => ({
  answered: false,
  timely: false,
  atCapacity,
  elapsedMs,
  reason,
  receipt: null,
  signature: null,
  outputs: null,
});

/** SHA-256 of canonical bytes; the same as `tensorHash`, natively. */
export const sha256 = (bytes: Uint8Array): Hex => `0x${createHash("sha256").update(bytes).digest("hex")}`;

function read(response: HttpResponse, request: ProbeRequest): ProbeAnswer {
  const { elapsedMs } = response;
  const answer = decodeInferResponse({ body: response.body, headerLength: response.headers[HEADER_LENGTH] });
  if (answer.modelName !== request.name) return failure("ANSWER_OTHER_MODEL", elapsedMs);
  const signed = receiptOf(answer.parameters);
  if (signed === null) return failure("ANSWER_WITHOUT_RECEIPT", elapsedMs);
  const outputs = encodeTensors(answer.outputs);
  const problem = request.receiptProblem(signed.receipt, sha256(outputs));
  if (problem !== null) return failure(problem, elapsedMs);
  const timely = elapsedMs <= request.latencyMs;
  return { ...signed, answered: true, timely, atCapacity: false, elapsedMs, reason: timely ? null : "LATE", outputs };
}

/**
 * Sends one probe, which looks like any client's request, and says what came of it. Time is the client's own, from the call
 * to the last byte. A refusal, an invalid answer and a late one are failures; 429 is told apart.
 *
 * Waits three latency bounds for the answer: a late one is worth knowing apart from none.
 * @throws SuretyError HTTP_CLIENT_CLOSED if this side is closing: such a probe says nothing of the provider
 */
export async function sendProbe(request: ProbeRequest): Promise<ProbeAnswer> {
  const { http, endpoint, name, inputs, parameters, latencyMs } = request;
  const message = encodeInferRequest({ inputs, parameters, binaryOutput: true });
  const started = performance.now();
  try {
    const response = await http.request({
      url: joinUrl(endpoint, `/v2/models/${name}/infer`),
      method: "POST",
      headers: message.headers,
      body: message.body,
      deadlineMs: 3 * latencyMs,
    });
    if (response.status === 429) return failure("AT_CAPACITY", response.elapsedMs, true);
    if (response.status !== 200) return failure(`STATUS_${response.status}`, response.elapsedMs);
    return read(response, request);
  } catch (error) {
    if (!(error instanceof SuretyError) || error.code === "HTTP_CLIENT_CLOSED") throw error;
    return failure(codeOf(error), performance.now() - started);
  }
}
