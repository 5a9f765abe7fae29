import { DATATYPES, type Datatype, MAX_RANK, type Tensor, tensorProblem } from "@surety/protocol";
import { malformed, tooLarge } from "./errors.ts";
import { bytesFromJson, jsonFromBytes } from "./json-data.ts";
import type { OipLimits } from "./limits.ts";
import { asObject, asParameters, asText, type BinaryPart, type OipParameters } from "./message.ts";

const SIZE = "binary_data_size";

function shapeOf(where: string, value: unknown): number[] {
  if (!Array.isArray(value)) throw malformed(`${where}.shape needs to be an array of integers`);
  if (value.length > MAX_RANK) throw malformed(`${where}.shape has ${value.length} dimensions, at most ${MAX_RANK}`);
  for (const d of value) {
    if (!Number.isSafeInteger(d) || d < 0) throw malformed(`${where}.shape needs whole dimensions from 0`);
  }
  return value.map((d) => (d === 0 ? 0 : d));
}

function decodeTensor(where: string, value: unknown, binary: BinaryPart, limits: OipLimits): Tensor {
  const entry = asObject(where, value, ["name", "shape", "datatype", "parameters", "data"]);
  const name = asText(`${where}.name`, entry.name, limits);
  if (name === undefined || name === "") throw malformed(`${where}.name is absent`);
  const { datatype } = entry;
  if (typeof datatype !== "string" || !Object.hasOwn(DATATYPES, datatype)) {
    throw malformed(`${where}.datatype needs to be one of ${Object.keys(DATATYPES).join(", ")}`);
  }
  const shape = shapeOf(where, entry.shape);
  const parameters = asParameters(where, entry.parameters);
  const size = parameters !== undefined && Object.hasOwn(parameters, SIZE) ? parameters[SIZE] : undefined;
  if ((size === undefined) === (entry.data === undefined)) {
    throw malformed(`tensor "${name}" needs either data or parameters.${SIZE}`);
  }
  if (size !== undefined && (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)) {
    throw malformed(`tensor "${name}": ${SIZE} needs to be a whole number of bytes`);
  }
  const type = datatype as Datatype;
  const data = size === undefined ? bytesFromJson(name, type, shape, entry.data) : binary.take(name, size);
  const tensor = { name, datatype: type, shape, data };
  const problem = tensorProblem(tensor);
  if (problem !== null) throw malformed(`tensor ${problem}`);
  return tensor;
}

/**
 * Reads a list of tensors, JSON and binary mixed. Binary data are views into the body.
 * @throws SuretyError OIP_MALFORMED, OIP_TOO_LARGE
 */
export function decodeTensorList(where: string, value: unknown, binary: BinaryPart, limits: OipLimits): Tensor[] {
  if (!Array.isArray(value)) throw malformed(`${where} needs to be an array of tensors`);
  if (value.length > limits.tensors) throw tooLarge(`${where} has ${value.length} tensors, at most ${limits.tensors}`);
  const seen = new Set<string>();
  const tensors = value.map((entry, i) => {
    const tensor = decodeTensor(`${where}[${i}]`, entry, binary, limits);
    if (seen.has(tensor.name)) throw malformed(`${where} has two tensors named "${tensor.name.slice(0, 60)}"`);
    seen.add(tensor.name);
    return tensor;
  });
  binary.end();
  return tensors;
}

/** Writes a list of tensors as JSON text; `isBinary` says whose data go into the returned blobs. */
export function encodeTensorList(
  tensors: readonly Tensor[],
  isBinary: (name: string) => boolean,
): { json: string; blobs: Uint8Array[] } {
  const blobs: Uint8Array[] = [];
  const entries = tensors.map((tensor) => {
    const { name, shape, datatype } = tensor;
    const head = JSON.stringify({ name, shape, datatype }).slice(0, -1);
    if (!isBinary(name)) return `${head},"data":${jsonFromBytes(tensor)}}`;
    blobs.push(tensor.data);
    const parameters: OipParameters = { [SIZE]: tensor.data.length };
    return `${head},"parameters":${JSON.stringify(parameters)}}`;
  });
  return { json: `[${entries.join()}]`, blobs };
}
