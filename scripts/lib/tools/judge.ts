import {
  type Comparison,
  compare,
  domainProblem,
  SuretyError,
  type Tensor,
  type ToleranceProfile,
  tensorHash,
} from "@surety/protocol";
import type { InferRequest, InferResponse } from "@surety/sdk";
import type { Hex } from "viem";
import type { Rerunning, Subject } from "./subject.ts";

/** One answer, judged. */
export type Judgement = Comparison & {
  /** Why the inputs are outside the model's domain, or null; undefined without a manifest. */
  outside: string | null | undefined;
  /** Hash of the request's tensors (docs/protocol.md section 5). */
  inputHash: Hex;
  /** Hash of the response's tensors. */
  outputHash: Hex;
};

/** The part of a profile that an answer must meet: a request may ask for some of the outputs only. */
function asked({ outputs, ...rest }: ToleranceProfile, request: InferRequest): ToleranceProfile {
  const names = request.outputs?.map(({ name }) => name);
  if (names === undefined || names.length === 0) return { ...rest, outputs };
  const unknown = names.find((name) => !outputs.some((o) => o.name === name));
  if (unknown !== undefined) {
    const message = `The request asks for output "${unknown}"; the model has ${outputs.map(({ name }) => name).join(", ")}.`;
    throw new SuretyError("CHECK_UNKNOWN_OUTPUT", message);
  }
  const chosen = outputs.filter(({ name }) => names.includes(name));
  const alone = chosen.find(({ logits }) => logits !== undefined && !names.includes(logits));
  if (alone !== undefined) {
    const message = `Output "${alone.name}" is judged by its scores "${alone.logits}", which the request does not ask for; ask for both.`;
    throw new SuretyError("CHECK_SCORES_MISSING", message);
  }
  return { ...rest, outputs: chosen };
}

/**
 * Runs a request's inputs on both runtimes and judges the answer by docs/protocol.md section 6.
 *
 * @throws SuretyError `INFERENCE_BAD_INPUT` if the inputs do not fit the model, `INFERENCE_RUN_FAILED`,
 * `INFERENCE_TIMEOUT`, `INFERENCE_CHILD_DIED`, `CHECK_UNKNOWN_OUTPUT`, `CHECK_SCORES_MISSING`
 */
export async function judge(
  { profile: whole, manifest }: Subject,
  rerun: Rerunning,
  { request, response }: { request: InferRequest; response: InferResponse },
): Promise<Judgement> {
  const profile = asked(whole, request);
  const inputs: Tensor[] = request.inputs;
  const own = await rerun(inputs);
  const outside = manifest === undefined ? undefined : domainProblem(manifest, inputs);
  const found = compare({ claim: response.outputs, ...own, profile, inDomain: (outside ?? null) === null });
  const reason = outside ? `${found.reason}: ${outside}` : found.reason;
  return { ...found, reason, outside, inputHash: tensorHash(inputs), outputHash: tensorHash(response.outputs) };
}
