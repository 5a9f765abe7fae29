import { joinByteStrings, splitByteStrings } from "./byte-strings.ts";
import { show } from "./check.ts";
import { SuretyError } from "./errors.ts";
import { checkTensor, type Datatype, type Tensor } from "./tensor.ts";

const viewOf = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The double that a half-precision bit pattern means. */
function halfToDouble(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const FLOAT_READERS: Partial<Record<Datatype, [number, (v: DataView, at: number) => number]>> = {
  FP16: [2, (v, at) => halfToDouble(v.getUint16(at, true))],
  FP32: [4, (v, at) => v.getFloat32(at, true)],
  FP64: [8, (v, at) => v.getFloat64(at, true)],
};

const INTEGER_READERS: Partial<Record<Datatype, [number, (v: DataView, at: number) => bigint]>> = {
  BOOL: [1, (v, at) => BigInt(v.getUint8(at))],
  UINT8: [1, (v, at) => BigInt(v.getUint8(at))],
  UINT16: [2, (v, at) => BigInt(v.getUint16(at, true))],
  UINT32: [4, (v, at) => BigInt(v.getUint32(at, true))],
  UINT64: [8, (v, at) => v.getBigUint64(at, true)],
  INT8: [1, (v, at) => BigInt(v.getInt8(at))],
  INT16: [2, (v, at) => BigInt(v.getInt16(at, true))],
  INT32: [4, (v, at) => BigInt(v.getInt32(at, true))],
  INT64: [8, (v, at) => v.getBigInt64(at, true)],
};

const wrongType = (t: Tensor, needs: string): SuretyError =>
  new SuretyError("PROTOCOL_WRONG_DATATYPE", `tensor ${show(t.name)} is ${t.datatype}, needs ${needs}`);

/** Floats as they lie in a tensor, or as doubles: either way an element reads as the double that it means. */
export type Floats = Float32Array | Float64Array;

const FLOAT_ARRAYS: Partial<Record<Datatype, typeof Float32Array | typeof Float64Array>> = {
  FP32: Float32Array,
  FP64: Float64Array,
};

/**
 * As {@link toFloats}, but outputs can be large, so where bytes are the elements they are not read one by one: a view of the
 * tensor's own bytes where these are aligned, and of a copy where not.
 */
export function viewFloats(t: Tensor): Floats {
  const { datatype, data } = checkTensor(t);
  const Elements = FLOAT_ARRAYS[datatype];
  if (Elements === undefined || !LITTLE_ENDIAN) return readFloats(t);
  const size = Elements.BYTES_PER_ELEMENT;
  // Not by `slice`: a Buffer's copies nothing.
  const { buffer, byteOffset, byteLength } = data.byteOffset % size === 0 ? data : new Uint8Array(data);
  return new Elements(buffer as ArrayBuffer, byteOffset, byteLength / size);
}

/** Reads the elements one by one. */
function readFloats(t: Tensor): Float64Array {
  const reader = FLOAT_READERS[t.datatype];
  if (reader === undefined) throw wrongType(t, "FP16, FP32 or FP64");
  const [size, read] = reader;
  const view = viewOf(t.data);
  const values = new Float64Array(t.data.length / size);
  for (let i = 0; i < values.length; i++) values[i] = read(view, i * size);
  return values;
}

/** The elements of an FP16, FP32 or FP64 tensor as doubles, exactly; works at any alignment of its bytes. */
export const toFloats = (t: Tensor): Float64Array => new Float64Array(viewFloats(t));

/** The elements of an integer or BOOL tensor, exactly. */
export function toIntegers(t: Tensor): bigint[] {
  const reader = INTEGER_READERS[checkTensor(t).datatype];
  if (reader === undefined) throw wrongType(t, "an integer datatype or BOOL");
  const [size, read] = reader;
  const view = viewOf(t.data);
  return Array.from({ length: t.data.length / size }, (_, i) => read(view, i * size));
}

/** The elements of a BYTES tensor, each a view into its data. */
export function toByteStrings(t: Tensor): Uint8Array[] {
  if (checkTensor(t).datatype !== "BYTES") throw wrongType(t, "BYTES");
  return splitByteStrings(t.data);
}

/**
 * Makes an FP32 or FP64 tensor from numbers, row-major.
 * @throws SuretyError PROTOCOL_BAD_TENSOR if their number is not that of the shape
 */
export function floatTensor(
  name: string,
  shape: number[],
  values: ArrayLike<number>,
  datatype: "FP32" | "FP64" = "FP32",
): Tensor {
  const size = datatype === "FP32" ? 4 : 8;
  const data = new Uint8Array(values.length * size);
  const view = viewOf(data);
  for (let i = 0; i < values.length; i++) {
    // Engines may write any NaN: one of them, so that equal tensors have equal bytes.
    if (size === 4 && Number.isNaN(values[i])) view.setUint32(i * 4, 0x7fc00000, true);
    else if (Number.isNaN(values[i])) view.setBigUint64(i * 8, 0x7ff8000000000000n, true);
    else if (size === 4) view.setFloat32(i * 4, values[i]!, true);
    else view.setFloat64(i * 8, values[i]!, true);
  }
  return checkTensor({ name, datatype, shape, data });
}

/** Makes an INT64 tensor from integers, row-major; errors as {@link floatTensor}. */
export function int64Tensor(name: string, shape: number[], values: readonly (bigint | number)[]): Tensor {
  const data = new Uint8Array(values.length * 8);
  const view = viewOf(data);
  for (const [i, value] of values.entries()) view.setBigInt64(i * 8, BigInt(value), true);
  return checkTensor({ name, datatype: "INT64", shape, data });
}

/** Makes a BYTES tensor from byte strings or texts (as UTF-8), row-major; errors as {@link floatTensor}. */
export const bytesTensor = (name: string, shape: number[], values: readonly (Uint8Array | string)[]): Tensor =>
  checkTensor({ name, datatype: "BYTES", shape, data: joinByteStrings(values) });
