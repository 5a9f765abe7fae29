import type { Tensor } from "@surety/protocol";
import { malformed } from "./errors.ts";
import { OIP_LIMITS, type OipLimits } from "./limits.ts";
import {
  asObject,
  asParameters,
  asText,
  joinMessage,
  type OipMessage,
  type OipParameters,
  type RawMessage,
  splitMessage,
} from "./message.ts";
import { decodeTensorList, encodeTensorList } from "./tensors.ts";

/** An inference answer of the Open Inference Protocol v2. */
export type InferResponse = {
  modelName: string;
  modelVersion?: string;
  /** The request's id. */
  id?: string;
  parameters?: OipParameters;
  outputs: Tensor[];
};

/** Output tensors written, but not yet joined to the rest of an answer. */
export type EncodedOutputs = { json: string; blobs: Uint8Array[] };

/**
 * Writes output tensors: a server learns here whether it can answer, before it signs for the answer.
 * @param isBinary says which outputs travel as binary; the others as JSON numbers
 * @throws SuretyError OIP_NEEDS_BINARY if JSON cannot carry an output
 */
export const encodeOutputs = (outputs: readonly Tensor[], isBinary: (name: string) => boolean): EncodedOutputs =>
  encodeTensorList(outputs, isBinary);

/** Puts an answer together. */
export function joinInferResponse(head: Omit<InferResponse, "outputs">, outputs: EncodedOutputs): OipMessage {
  const { modelName, modelVersion, id, parameters } = head;
  const fields = [`"model_name":${JSON.stringify(modelName)}`];
  if (modelVersion !== undefined) fields.push(`"model_version":${JSON.stringify(modelVersion)}`);
  if (id !== undefined) fields.push(`"id":${JSON.stringify(id)}`);
  if (parameters !== undefined) fields.push(`"parameters":${JSON.stringify(parameters)}`);
  fields.push(`"outputs":${outputs.json}`);
  return joinMessage(`{${fields.join()}}`, outputs.blobs);
}

/** Writes an inference answer: {@link encodeOutputs}, then {@link joinInferResponse}. */
export const encodeInferResponse = (response: InferResponse, isBinary: (name: string) => boolean): OipMessage =>
  joinInferResponse(response, encodeOutputs(response.outputs, isBinary));

/**
 * Reads an inference answer, JSON or with the binary tensor extension: whoever sent it may be hostile.
 * @throws SuretyError OIP_MALFORMED or OIP_TOO_LARGE, naming the field and what was expected there
 */
export function decodeInferResponse(raw: RawMessage, limits: OipLimits = OIP_LIMITS): InferResponse {
  const { json, binary } = splitMessage(raw, limits);
  const body = asObject("the answer", json, ["model_name", "model_version", "id", "parameters", "outputs"]);
  const modelName = asText("model_name", body.model_name, limits);
  if (modelName === undefined) throw malformed("model_name is absent");
  const modelVersion = asText("model_version", body.model_version, limits);
  const id = asText("id", body.id, limits);
  const parameters = asParameters("the answer", body.parameters);
  const response: InferResponse = { modelName, outputs: decodeTensorList("outputs", body.outputs, binary, limits) };
  if (modelVersion !== undefined) response.modelVersion = modelVersion;
  if (id !== undefined) response.id = id;
  if (parameters !== undefined) response.parameters = parameters;
  return response;
}
