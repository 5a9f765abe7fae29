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

function headOf({ datatype, shape, data }: Tensor, name: Uint8Array): Uint8Array {
  const head = new Uint8Array(4 + name.length + 2 + 8 * shape.length + 8);
  const view = viewOf(head);
  view.setUint32(0, name.length, true);
  head.set(name, 4);
  let at = 4 + name.length;
  head[at++] = DATATYPES[datatype].onnx;
  head[at++] = shape.length;
  for (const n of [...shape, data.length]) {
    view.setBigUint64(at, BigInt(n), true);
    at += 8;
  }
  return head;
}

/**
 * The canonical layout of {@link encodeTensors} in pieces, the tensors' own bytes among them: for who hashes or sends them and
 * needs no copy.
 * @throws SuretyError PROTOCOL_BAD_TENSOR for a malformed tensor or two of one name
 */
export function encodeParts(tensors: readonly Tensor[]): Uint8Array[] {
  const named = tensors.map((t) => ({ t: checkTensor(t), name: utf8.encode(t.name) }));
  named.sort((a, b) => compareBytes(a.name, b.name));
  for (const [i, { t }] of named.entries()) if (i > 0 && named[i - 1]!.t.name === t.name) throw twice(t.name);
  return named.flatMap(({ t, name }) => [headOf(t, name), t.data]);
}

/**
 * The canonical layout of a set of tensors, what their hash covers: sorted by the UTF-8 bytes of the name, each
 * `u32le nameLength | name | u8 ONNX type | u8 rank | u64le dimensions | u64le byteLength | raw bytes`, nothing between
 * them. The bytes stay as served: no NaN or signed zero is made equal before hashing.
 * @throws SuretyError PROTOCOL_BAD_TENSOR for a malformed tensor or two of one name
 */
export function encodeTensors(tensors: readonly Tensor[]): Uint8Array {
  const parts = encodeParts(tensors);
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** SHA-256 of the canonical layout (docs/protocol.md section 5): `inputHash` and `outputHash` of a receipt. */
export function tensorHash(tensors: readonly Tensor[]): Hex {
  const hash = sha256.create();
  for (const part of encodeParts(tensors)) hash.update(part);
  return bytesToHex(hash.digest());
}
