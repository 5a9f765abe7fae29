import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, type Hex } from "viem";
import { show } from "./check.ts";
import { SuretyError } from "./errors.ts";
import { compareBytes, twice } from "./tensor-names.ts";

/**
 * Open Inference Protocol datatypes: bytes per element (0 = variable) and the ONNX type number that the canonical layout
 * carries.
 */
export const DATATYPES = {
  FP32: { size: 4, onnx: 1 },
  UINT8: { size: 1, onnx: 2 },
  INT8: { size: 1, onnx: 3 },
  UINT16: { size: 2, onnx: 4 },
  INT16: { size: 2, onnx: 5 },
  INT32: { size: 4, onnx: 6 },
  INT64: { size: 8, onnx: 7 },
  BYTES: { size: 0, onnx: 8 },
  BOOL: { size: 1, onnx: 9 },
  FP16: { size: 2, onnx: 10 },
  FP64: { size: 8, onnx: 11 },
  UINT32: { size: 4, onnx: 12 },
  UINT64: { size: 8, onnx: 13 },
} as const;

/** Name of an element type in the Open Inference Protocol. */
export type Datatype = keyof typeof DATATYPES;

/**
 * A named tensor. `data` holds the raw elements, little-endian and row-major, without padding; an element of BYTES is its
 * length as u32 little-endian, then its bytes. A shape of [] is a scalar.
 */
export type Tensor = { name: string; datatype: Datatype; shape: number[]; data: Uint8Array };

/** Most dimensions of a tensor. */
export const MAX_RANK = 8;
/** Most UTF-8 bytes of a tensor's name. */
export const MAX_NAME = 1024;

const utf8 = new TextEncoder();

/** True for the datatypes that hold IEEE floating point. */
export const isFloat = (datatype: Datatype): boolean =>
  datatype === "FP16" || datatype === "FP32" || datatype === "FP64";

/** Elements of a shape; null if a dimension is no count or the product exceeds 2^53 - 1. */
export function elementCount(shape: readonly number[]): number | null {
  if (shape.some((d) => !Number.isSafeInteger(d) || d < 0)) return null;
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const d of shape) {
    if (count > Number.MAX_SAFE_INTEGER / d) return null;
    count *= d;
  }
  return count;
}

const viewOf = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

/** What is wrong with the bytes of a BYTES tensor, or null. */
function stringsProblem(data: Uint8Array, count: number): string | null {
  const view = viewOf(data);
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 4 > data.length) return `ends inside the length of element ${i} of ${count}`;
    at += 4 + view.getUint32(at, true);
    if (at > data.length) return `ends inside element ${i} of ${count}`;
  }
  return at === data.length ? null : `has ${data.length - at} bytes after its ${count} elements`;
}

/**
 * What is wrong with a tensor from outside, in words, or null. Never throws, so that it can judge what strangers sent.
 */
export function tensorProblem(t: Tensor): string | null {
  if (typeof t?.name !== "string" || t.name === "" || !t.name.isWellFormed()) return "its name is no Unicode text";
  const label = show(t.name);
  if (utf8.encode(t.name).length > MAX_NAME) return `${label} has a name of more than ${MAX_NAME} bytes`;
  if (!Object.hasOwn(DATATYPES, t.datatype)) return `${label} has the unknown datatype ${show(t.datatype)}`;
  if (!Array.isArray(t.shape) || t.shape.length > MAX_RANK)
    return `${label} needs a shape of at most ${MAX_RANK} dimensions`;
  if (!(t.data instanceof Uint8Array)) return `${label} needs its data as bytes`;
  const count = elementCount(t.shape);
  if (count === null) return `${label} has the impossible shape [${show(t.shape.join())}]`;
  const { size } = DATATYPES[t.datatype];
  if (size === 0) {
    const problem = stringsProblem(t.data, count);
    return problem === null ? null : `${label} ${problem}`;
  }
  if (t.data.length !== count * size) {
    return `${label} of ${t.datatype} [${t.shape.join()}] has ${t.data.length} bytes, needs ${count * size}`;
  }
  if (t.datatype === "BOOL" && t.data.some((b) => b > 1)) return `${label} has a BOOL that is neither 0 nor 1`;
  return null;
}

/** @returns the tensor; throws PROTOCOL_BAD_TENSOR unless its bytes are exactly what its datatype and shape say. */
export function checkTensor(t: Tensor): Tensor {
  const problem = tensorProblem(t);
  if (problem !== null) throw new SuretyError("PROTOCOL_BAD_TENSOR", `tensor ${problem}`);
  return t;
}

/**
 * The canonical layout of a set of tensors, what their hash covers: sorted by the UTF-8 bytes of the name, each
 * `u32le nameLength | name | u8 ONNX type | u8 rank | u64le dimensions | u64le byteLength | raw bytes`, nothing between
 * them. The bytes stay as served: no NaN or signed zero is made equal before hashing.
 * @throws SuretyError PROTOCOL_BAD_TENSOR for a malformed tensor or two of one name
 */
export function encodeTensors(tensors: readonly Tensor[]): Uint8Array {
  const named = tensors.map((t) => ({ t: checkTensor(t), name: utf8.encode(t.name) }));
  named.sort((a, b) => compareBytes(a.name, b.name));
  let total = 0;
  for (const [i, { t, name }] of named.entries()) {
    if (i > 0 && named[i - 1]!.t.name === t.name) throw twice(t.name);
    total += 4 + name.length + 2 + 8 * t.shape.length + 8 + t.data.length;
  }
  const out = new Uint8Array(total);
  const view = viewOf(out);
  let at = 0;
  for (const { t, name } of named) {
    view.setUint32(at, name.length, true);
    out.set(name, at + 4);
    at += 4 + name.length;
    out[at++] = DATATYPES[t.datatype].onnx;
    out[at++] = t.shape.length;
    for (const n of [...t.shape, t.data.length]) {
      view.setBigUint64(at, BigInt(n), true);
      at += 8;
    }
    out.set(t.data, at);
    at += t.data.length;
  }
  return out;
}

/** SHA-256 of the canonical layout (docs/protocol.md section 5): `inputHash` and `outputHash` of a receipt. */
export const tensorHash = (tensors: readonly Tensor[]): Hex => bytesToHex(sha256(encodeTensors(tensors)));
