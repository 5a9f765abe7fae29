import type { Tensor } from "@surety/protocol";
import { malformed, tooLarge } from "./errors.ts";
import { OIP_LIMITS, type OipLimits } from "./limits.ts";
import {
  asFlag,
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

/** An output that a request asks for. */
export type RequestedOutput = { name: string; binary: boolean };

/** An inference request of the Open Inference Protocol v2. */
export type InferRequest = {
  /** Echoed by the answer, nothing else. */
  id?: string;
  parameters?: OipParameters;
  inputs: Tensor[];
  /** The outputs wanted; absent: all of them, as `binaryOutput` says. */
  outputs?: RequestedOutput[];
  /** Whether outputs that `outputs` does not name are wanted as binary. */
  binaryOutput: boolean;
};

/** The request's own parameter that asks for binary outputs. */
const BINARY_OUTPUT = "binary_data_output";
const BINARY = "binary_data";

function requestedOutputs(value: unknown, fallback: boolean, limits: OipLimits): RequestedOutput[] {
  if (!Array.isArray(value)) throw malformed("outputs needs to be an array");
  if (value.length > limits.tensors) throw tooLarge(`outputs has ${value.length} entries, at most ${limits.tensors}`);
  const seen = new Set<string>();
  return value.map((raw, i) => {
    const where = `outputs[${i}]`;
    const entry = asObject(where, raw, ["name", "parameters"]);
    const name = asText(`${where}.name`, entry.name, limits);
    if (name === undefined || name === "") throw malformed(`${where}.name is absent`);
    if (seen.has(name)) throw malformed(`outputs names "${name.slice(0, 60)}" twice`);
    seen.add(name);
    return { name, binary: asFlag(where, asParameters(where, entry.parameters), BINARY, fallback) };
  });
}

/**
 * Reads an inference request, JSON or with the binary tensor extension.
 * @throws SuretyError OIP_MALFORMED (HTTP 400) or OIP_TOO_LARGE (413), naming the field and what was expected there
 */
export function decodeInferRequest(raw: RawMessage, limits: OipLimits = OIP_LIMITS): InferRequest {
  const { json, binary } = splitMessage(raw, limits);
  const body = asObject("the request", json, ["id", "parameters", "inputs", "outputs"]);
  const id = asText("id", body.id, limits);
  const parameters = asParameters("the request", body.parameters);
  const binaryOutput = asFlag("the request", parameters, BINARY_OUTPUT, false);
  const inputs = decodeTensorList("inputs", body.inputs, binary, limits);
  if (inputs.length === 0) throw malformed("inputs is empty");
  const request: InferRequest = { inputs, binaryOutput };
  if (id !== undefined) request.id = id;
  if (parameters !== undefined) request.parameters = parameters;
  if (body.outputs !== undefined) request.outputs = requestedOutputs(body.outputs, binaryOutput, limits);
  return request;
}

/**
 * Writes an inference request.
 * @param options.binary send input data as binary (default), or as JSON numbers
 * @throws SuretyError OIP_NEEDS_BINARY if JSON cannot carry an input
 */
export function encodeInferRequest(request: InferRequest, options: { binary?: boolean } = {}): OipMessage {
  const binary = options.binary ?? true;
  const { json, blobs } = encodeTensorList(request.inputs, () => binary);
  const { [BINARY_OUTPUT]: _, ...others } = request.parameters ?? {};
  const parameters = request.binaryOutput ? { ...others, [BINARY_OUTPUT]: true } : others;
  const fields: string[] = [];
  if (request.id !== undefined) fields.push(`"id":${JSON.stringify(request.id)}`);
  if (Object.keys(parameters).length > 0) fields.push(`"parameters":${JSON.stringify(parameters)}`);
  fields.push(`"inputs":${json}`);
  if (request.outputs !== undefined) {
    const outputs = request.outputs.map((o) => ({ name: o.name, parameters: { [BINARY]: o.binary } }));
    fields.push(`"outputs":${JSON.stringify(outputs)}`);
  }
  return joinMessage(`{${fields.join()}}`, blobs);
}
