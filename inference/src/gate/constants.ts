import { MAX_RANK } from "@surety/protocol";
import { ELEMENT_BITS, elementTypeName, STRING, stringProblem, TYPED } from "../onnx/element-types.ts";
import type { TensorProto } from "../onnx/schema.ts";
import { type Refusal, refuse as refuseModel } from "./refuse.ts";

const FIELDS = ["floatData", "int32Data", "int64Data", "doubleData", "uint64Data"] as const;
const FIXED_BYTES = { floatData: 4, doubleData: 8 } as const;

const refuse = (code: Refusal, where: string, message: string) => refuseModel(code, `constant ${where} ${message}`);

function countElements(where: string, dims: number[]): number {
  if (dims.length > MAX_RANK) throw refuse("RANK", where, `has rank ${dims.length}; needs at most ${MAX_RANK}.`);
  let count = 1;
  for (const dim of dims) {
    if (!Number.isSafeInteger(dim) || dim < 0) throw refuse("MALFORMED", where, `has a dimension of ${dim}.`);
    count *= dim;
    if (count > 2 ** 31) throw refuse("TOO_LARGE", where, `has shape [${dims}]; needs at most 2^31 elements.`);
  }
  return count;
}

/** @returns how many whole varints there are, or undefined if one is cut or longer than 64 bits take. */
function countVarints(bytes: Uint8Array): number | undefined {
  let count = 0;
  let length = 0;
  for (const byte of bytes) {
    length += 1;
    if (length > 10) return undefined;
    if (byte >= 128) continue;
    count += 1;
    length = 0;
  }
  return length === 0 ? count : undefined;
}

function checkStrings(where: string, tensor: TensorProto, count: number): number {
  const other = tensor.rawData !== undefined || FIELDS.some((name) => tensor[name] !== undefined);
  if (other) throw refuse("MALFORMED", where, "is of strings and has numbers.");
  const { stringData } = tensor;
  if (stringData.length !== count) {
    throw refuse("MALFORMED", where, `has ${stringData.length} elements; shape [${tensor.dims}] needs ${count}.`);
  }
  for (const [i, text] of stringData.entries()) {
    const problem = stringProblem(text);
    if (problem !== undefined) throw refuse("ELEMENT_TYPE", where, `has a string ${i} that ${problem}.`);
  }
  return stringData.reduce((bytes, text) => bytes + text.length, 0);
}

/**
 * Checks a constant of the model without reading its values: data inside the file, a known type, rank at most 8, and
 * exactly as many elements as its shape says.
 *
 * @param where name shown in the refusal
 * @returns the bytes of its elements
 * @throws SuretyError `INFERENCE_MODEL_EXTERNAL_DATA`, `_ELEMENT_TYPE`, `_RANK`, `_TOO_LARGE`, `_MALFORMED`
 */
export function checkConstant(where: string, tensor: TensorProto): number {
  if (tensor.externalData.length > 0 || (tensor.dataLocation ?? 0) !== 0) {
    throw refuse("EXTERNAL_DATA", where, "keeps its data in another file; save the model as one file.");
  }
  if (tensor.segment !== undefined) throw refuse("MALFORMED", where, "is stored in segments.");
  const type = tensor.dataType ?? 0;
  const count = countElements(where, tensor.dims);
  if (type === STRING) return checkStrings(where, tensor, count);
  const bits = ELEMENT_BITS[type];
  if (bits === undefined || tensor.stringData.length > 0) {
    throw refuse(
      "ELEMENT_TYPE",
      where,
      `has elements of ${elementTypeName(type)}; needs a type of docs/data-types.md.`,
    );
  }
  const bytes = Math.ceil((count * bits) / 8);
  const filled = FIELDS.filter((name) => tensor[name] !== undefined);
  if (tensor.rawData !== undefined) {
    if (filled.length > 0) throw refuse("MALFORMED", where, `has both raw data and ${filled[0]}.`);
    if (tensor.rawData.length !== bytes) {
      throw refuse("MALFORMED", where, `has ${tensor.rawData.length} bytes; shape [${tensor.dims}] needs ${bytes}.`);
    }
    return bytes;
  }
  const field = TYPED[type];
  if (filled.some((name) => name !== field)) throw refuse("MALFORMED", where, `has its data in the wrong field.`);
  const data = field === undefined ? undefined : tensor[field];
  const have =
    data === undefined
      ? 0
      : field === "floatData" || field === "doubleData"
        ? data.length / FIXED_BYTES[field]
        : countVarints(data);
  if (have === undefined) throw refuse("MALFORMED", where, "has a number that is cut or too long.");
  if (have !== count) throw refuse("MALFORMED", where, `has ${have} elements; shape [${tensor.dims}] needs ${count}.`);
  return bytes;
}
