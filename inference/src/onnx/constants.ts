import { MAX_RANK, SuretyError } from "@surety/protocol";
import { ELEMENT_BITS, elementTypeName } from "./element-types.ts";
import type { TensorProto } from "./schema.ts";

const TYPED: Readonly<Record<number, "floatData" | "int32Data" | "int64Data" | "doubleData" | "uint64Data">> = {
  1: "floatData",
  2: "int32Data",
  3: "int32Data",
  4: "int32Data",
  5: "int32Data",
  6: "int32Data",
  7: "int64Data",
  9: "int32Data",
  10: "int32Data",
  11: "doubleData",
  12: "uint64Data",
  13: "uint64Data",
  16: "int32Data",
};
const FIXED_BYTES = { floatData: 4, doubleData: 8 } as const;

const refuse = (code: string, where: string, message: string) =>
  new SuretyError(`INFERENCE_MODEL_${code}`, `Model refused: constant ${where} ${message}`);

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

const countVarints = (bytes: Uint8Array): number => bytes.reduce((count, byte) => count + (byte < 128 ? 1 : 0), 0);

/**
 * Checks a constant of the model without reading its values: data inside the file, a known numeric type, rank at most
 * 8, and exactly as many elements as its shape says.
 *
 * @param where name shown in the refusal
 * @throws SuretyError `INFERENCE_MODEL_EXTERNAL_DATA`, `_ELEMENT_TYPE`, `_RANK`, `_TOO_LARGE`, `_MALFORMED`
 */
export function checkConstant(where: string, tensor: TensorProto): void {
  if (tensor.externalData.length > 0 || (tensor.dataLocation ?? 0) !== 0) {
    throw refuse("EXTERNAL_DATA", where, "keeps its data in another file; save the model as one file.");
  }
  if (tensor.segment !== undefined) throw refuse("MALFORMED", where, "is stored in segments.");
  const type = tensor.dataType ?? 0;
  const bits = ELEMENT_BITS[type];
  if (bits === undefined || tensor.stringData.length > 0) {
    throw refuse("ELEMENT_TYPE", where, `has elements of ${elementTypeName(type)}; needs a numeric type.`);
  }
  const count = countElements(where, tensor.dims);
  const fields = ["floatData", "int32Data", "int64Data", "doubleData", "uint64Data"] as const;
  const filled = fields.filter((name) => tensor[name] !== undefined);
  if (tensor.rawData !== undefined) {
    const need = Math.ceil((count * bits) / 8);
    if (filled.length > 0) throw refuse("MALFORMED", where, `has both raw data and ${filled[0]}.`);
    if (tensor.rawData.length !== need) {
      throw refuse("MALFORMED", where, `has ${tensor.rawData.length} bytes; shape [${tensor.dims}] needs ${need}.`);
    }
    return;
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
  if (have !== count) throw refuse("MALFORMED", where, `has ${have} elements; shape [${tensor.dims}] needs ${count}.`);
}
