import type { Datatype, Tensor } from "@surety/protocol";
import type { Tensor as OrtTensor, TensorConstructor } from "onnxruntime-node";

// FP16 goes in as Uint16Array on every Node: onnxruntime-common turns it into Float16Array where there is one.
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

type Carried = keyof typeof ARRAYS;
const DATATYPES = new Map<string, Datatype>(Object.entries(ARRAYS).map(([name, [type]]) => [type, name as Carried]));

/** @returns `tensor` as onnxruntime's; throws on datatypes that no runtime carries bit for bit. */
export function toOrt(tensor: Tensor, OrtTensor: TensorConstructor): OrtTensor {
  const entry = ARRAYS[tensor.datatype as Carried];
  if (entry === undefined) throw new Error(`input "${tensor.name}" has datatype ${tensor.datatype}`);
  const [type, Values] = entry;
  const bytes = tensor.data.slice();
  return new OrtTensor(type, new Values(bytes.buffer) as Float32Array, tensor.shape);
}

/** @returns onnxruntime's tensor with its raw bytes, as they are; throws on datatypes that cannot be carried. */
export function fromOrt(name: string, tensor: OrtTensor): Tensor {
  const datatype = DATATYPES.get(tensor.type);
  if (datatype === undefined || !ArrayBuffer.isView(tensor.data)) {
    throw new Error(`output "${name}" has elements of ${tensor.type}`);
  }
  const { buffer, byteOffset, byteLength } = tensor.data;
  return { name, datatype, shape: [...tensor.dims], data: new Uint8Array(buffer, byteOffset, byteLength) };
}
