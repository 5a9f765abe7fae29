import type { Datatype, Tensor } from "@surety/protocol";
import { joinByteStrings, splitByteStrings } from "@surety/protocol/byte-strings";
import type { Tensor as OrtTensor, TensorConstructor } from "onnxruntime-node";

// The native binding reads no Float16Array ("not enough space"), and onnxruntime-common makes one of any Uint16Array where
// the class exists. It looks for it at the first tensor: without the class, halves stay the 16 bits that they are.
Reflect.deleteProperty(globalThis, "Float16Array");

const ARRAYS = {
  BOOL: ["bool", Uint8Array],
  UINT8: ["uint8", Uint8Array],
  UINT16: ["uint16", Uint16Array],
  UINT32: ["uint32", Uint32Array],
  UINT64: ["uint64", BigUint64Array],
  INT8: ["int8", Int8Array],
  INT16: ["int16", Int16Array],
  INT32: ["int32", Int32Array],
  INT64: ["int64", BigInt64Array],
  FP16: ["float16", Uint16Array],
  FP32: ["float32", Float32Array],
  FP64: ["float64", Float64Array],
} as const;

type Numeric = keyof typeof ARRAYS;
const DATATYPES = new Map<string, Datatype>(Object.entries(ARRAYS).map(([name, [type]]) => [type, name as Numeric]));
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * @returns `tensor` as onnxruntime's; strings must be UTF-8 without zero bytes, which the parent has checked: the bindings
 * take a zero for the end
 */
export function toOrt(tensor: Tensor, OrtTensor: TensorConstructor): OrtTensor {
  if (tensor.datatype === "BYTES") {
    const texts = splitByteStrings(tensor.data).map((text) => utf8.decode(text));
    return new OrtTensor("string", texts, tensor.shape);
  }
  const [type, Values] = ARRAYS[tensor.datatype];
  const { data } = tensor;
  const size = Values.BYTES_PER_ELEMENT;
  // As they lie, where elements may lie so.
  const { buffer, byteOffset, byteLength } = data.byteOffset % size === 0 ? data : new Uint8Array(data);
  return new OrtTensor(
    type,
    new Values(buffer as ArrayBuffer, byteOffset, byteLength / size) as Float32Array,
    tensor.shape,
  );
}

/** @returns onnxruntime's tensor with its raw bytes, as they are; throws on datatypes that cannot be carried. */
export function fromOrt(name: string, tensor: OrtTensor): Tensor {
  if (tensor.type === "string") {
    return { name, datatype: "BYTES", shape: [...tensor.dims], data: joinByteStrings(tensor.data as string[]) };
  }
  const datatype = DATATYPES.get(tensor.type);
  if (datatype === undefined || !ArrayBuffer.isView(tensor.data)) {
    throw new Error(`output "${name}" has elements of ${tensor.type}`);
  }
  const { buffer, byteOffset, byteLength } = tensor.data;
  return { name, datatype, shape: [...tensor.dims], data: new Uint8Array(buffer, byteOffset, byteLength) };
}
