import {
  bytesTensor,
  type Datatype,
  elementCount,
  isFloat,
  SuretyError,
  type Tensor,
  toFloats,
  toIntegers,
  DATATYPES as WIRE,
} from "@surety/protocol";
import protobuf from "protobufjs/minimal.js";
import { DATATYPES, elementTypeName, TYPED } from "./element-types.ts";
import type { TensorProto } from "./schema.ts";

/** Elements up to which {@link fewNumbers} reads a constant: shapes, pads and repeats have fewer. */
const FEW = 64;

/** Varints as little-endian integers of `size` bytes. */
function unpack(varints: Uint8Array, count: number, size: number): Uint8Array {
  const reader = new protobuf.Reader(new Uint8Array(varints.buffer, varints.byteOffset, varints.byteLength));
  const data = new Uint8Array(count * size);
  const wide = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < count; i++) {
    const { low, high } = reader.int64();
    wide.setInt32(0, low, true);
    wide.setInt32(4, high, true);
    data.set(new Uint8Array(wide.buffer, 0, size), i * size);
  }
  return data;
}

/** Elements that are not in `raw_data`. */
function typedData(tensor: TensorProto, datatype: Datatype): Uint8Array {
  const field = TYPED[tensor.dataType ?? 0];
  const typed = (field === undefined ? undefined : tensor[field]) ?? new Uint8Array();
  if (field === "floatData" || field === "doubleData") return typed.slice();
  return unpack(typed, elementCount(tensor.dims) ?? 0, WIRE[datatype].size);
}

/**
 * Reads a tensor of a file that {@link checkConstant} has let pass.
 *
 * @param name name of the result, whatever the file calls it
 * @returns the tensor in the canonical layout (docs/protocol.md section 5)
 * @throws SuretyError `INFERENCE_MODEL_ELEMENT_TYPE` for types that are no {@link DATATYPES}, `PROTOCOL_BAD_TENSOR`
 */
export function toTensor(name: string, tensor: TensorProto): Tensor {
  const type = tensor.dataType ?? 0;
  const datatype = DATATYPES[type];
  if (datatype === undefined) {
    const message = `Tensor "${name}" has elements of ${elementTypeName(type)}; needs a type of docs/data-types.md.`;
    throw new SuretyError("INFERENCE_MODEL_ELEMENT_TYPE", message);
  }
  const shape = [...tensor.dims];
  if (datatype === "BYTES") return bytesTensor(name, shape, tensor.stringData);
  const data = tensor.rawData?.slice() ?? typedData(tensor, datatype);
  // The runtimes take any other number for true as well.
  if (datatype === "BOOL") for (const [i, byte] of data.entries()) data[i] = byte === 0 ? 0 : 1;
  return { name, datatype, shape, data };
}

/** @returns the elements of a small numeric tensor that {@link checkConstant} has let pass; undefined of any other. */
export function fewNumbers(tensor: TensorProto): number[] | undefined {
  const datatype = DATATYPES[tensor.dataType ?? 0];
  const count = elementCount(tensor.dims);
  if (datatype === undefined || datatype === "BYTES" || count === null || count > FEW) return undefined;
  const read = toTensor("constant", tensor);
  return isFloat(datatype) ? [...toFloats(read)] : toIntegers(read).map(Number);
}
