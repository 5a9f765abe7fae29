import { bytesTensor, DATATYPES, type Datatype, elementCount, type Tensor, toByteStrings } from "@surety/protocol";
import { malformed, needsBinary } from "./errors.ts";

type Codec = {
  /** Writes one JSON value; returns what was needed instead if it does not fit. */
  write: (view: DataView, at: number, value: unknown) => string | null;
  /** The element as JSON text; null if JSON numbers would lose it. */
  read: (view: DataView, at: number) => string | null;
};

// JSON.stringify drops the sign of -0, and with it the bytes that were hashed.
const numberText = (x: number): string | null => (Number.isFinite(x) ? (Object.is(x, -0) ? "-0" : String(x)) : null);

const integer = (
  min: number,
  max: number,
  set: (view: DataView, at: number, x: number) => void,
  get: (view: DataView, at: number) => number,
): Codec => ({
  write: (view, at, value) => {
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      return `an integer from ${min} to ${max}`;
    }
    set(view, at, value);
    return null;
  },
  read: (view, at) => String(get(view, at)),
});

const bigInteger = (signed: boolean): Codec => ({
  write: (view, at, value) => {
    // An unsafe number has been rounded by the JSON parser already: which integer was meant is lost.
    if (typeof value !== "number" || !Number.isSafeInteger(value) || (!signed && value < 0)) {
      return `an ${signed ? "" : "unsigned "}integer within 2^53 (larger ones only in binary)`;
    }
    view.setBigInt64(at, BigInt(value), true);
    return null;
  },
  read: (view, at) => {
    const big = signed ? view.getBigInt64(at, true) : view.getBigUint64(at, true);
    return big >= BigInt(Number.MIN_SAFE_INTEGER) && big <= BigInt(Number.MAX_SAFE_INTEGER) ? String(big) : null;
  },
});

const CODECS: Record<Exclude<Datatype, "BYTES" | "FP16">, Codec> = {
  BOOL: {
    write: (view, at, value) => {
      if (typeof value !== "boolean") return "true or false";
      view.setUint8(at, value ? 1 : 0);
      return null;
    },
    read: (view, at) => (view.getUint8(at) === 1 ? "true" : "false"),
  },
  UINT8: integer(
    0,
    0xff,
    (v, at, x) => v.setUint8(at, x),
    (v, at) => v.getUint8(at),
  ),
  UINT16: integer(
    0,
    0xffff,
    (v, at, x) => v.setUint16(at, x, true),
    (v, at) => v.getUint16(at, true),
  ),
  UINT32: integer(
    0,
    0xffffffff,
    (v, at, x) => v.setUint32(at, x, true),
    (v, at) => v.getUint32(at, true),
  ),
  INT8: integer(
    -0x80,
    0x7f,
    (v, at, x) => v.setInt8(at, x),
    (v, at) => v.getInt8(at),
  ),
  INT16: integer(
    -0x8000,
    0x7fff,
    (v, at, x) => v.setInt16(at, x, true),
    (v, at) => v.getInt16(at, true),
  ),
  INT32: integer(
    -0x80000000,
    0x7fffffff,
    (v, at, x) => v.setInt32(at, x, true),
    (v, at) => v.getInt32(at, true),
  ),
  UINT64: bigInteger(false),
  INT64: bigInteger(true),
  FP32: {
    write: (view, at, value) => {
      if (typeof value !== "number" || !Number.isFinite(Math.fround(value))) return "a number within float32's range";
      view.setFloat32(at, value, true);
      return null;
    },
    // A float32 printed as a double reads back as the same float32.
    read: (view, at) => numberText(view.getFloat32(at, true)),
  },
  FP64: {
    write: (view, at, value) => {
      if (typeof value !== "number" || !Number.isFinite(value)) return "a finite number";
      view.setFloat64(at, value, true);
      return null;
    },
    read: (view, at) => numberText(view.getFloat64(at, true)),
  },
};

/** The elements in row-major order, from a flat array or from one nested as the shape says. */
function flatten(name: string, shape: readonly number[], data: unknown[]): unknown[] {
  if (!Array.isArray(data[0])) return data;
  const flat: unknown[] = [];
  const walk = (part: unknown, axis: number): void => {
    if (axis === shape.length) {
      if (Array.isArray(part)) throw malformed(`tensor "${name}": data is nested deeper than its shape`);
      flat.push(part);
      return;
    }
    if (!Array.isArray(part) || part.length !== shape[axis]) {
      const have = Array.isArray(part) ? `${part.length} entries` : "no array";
      throw malformed(`tensor "${name}": data has ${have} on axis ${axis}, its shape says ${shape[axis]}`);
    }
    for (const entry of part) walk(entry, axis + 1);
  };
  walk(data, 0);
  return flat;
}

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function packStrings(name: string, elements: unknown[]): Uint8Array {
  const strings = elements.map((value, i) => {
    if (typeof value === "string" && value.isWellFormed()) return value;
    throw malformed(`tensor "${name}": element ${i} needs to be Unicode text (other bytes only in binary)`);
  });
  return bytesTensor(name, [strings.length], strings).data;
}

/**
 * The bytes of a tensor whose elements came as JSON, nested by its shape or flat.
 * @throws SuretyError OIP_MALFORMED for a wrong number of elements, a value outside the datatype, FP16, or an integer that
 * JSON has rounded
 */
export function bytesFromJson(name: string, datatype: Datatype, shape: readonly number[], data: unknown): Uint8Array {
  if (!Array.isArray(data)) throw malformed(`tensor "${name}": data needs to be an array`);
  if (datatype === "FP16")
    throw malformed(`tensor "${name}": FP16 travels only in binary (parameters.binary_data_size)`);
  const elements = flatten(name, shape, data);
  const count = elementCount(shape);
  if (elements.length !== count) {
    throw malformed(
      `tensor "${name}": data has ${elements.length} elements, its shape [${shape.join()}] says ${count ?? "too many"}`,
    );
  }
  if (datatype === "BYTES") return packStrings(name, elements);
  const { size } = DATATYPES[datatype];
  const { write } = CODECS[datatype];
  const bytes = new Uint8Array(elements.length * size);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < elements.length; i++) {
    const need = write(view, i * size, elements[i]);
    if (need !== null) throw malformed(`tensor "${name}": element ${i} does not fit ${datatype}, needs ${need}`);
  }
  return bytes;
}

/**
 * A tensor's elements as the text of a flat JSON array that reads back to the same bytes.
 * @throws SuretyError OIP_NEEDS_BINARY for NaN, infinities, integers beyond 2^53, FP16, and BYTES that are no UTF-8
 */
export function jsonFromBytes(tensor: Tensor): string {
  const { name, datatype, data } = tensor;
  if (datatype === "FP16") throw needsBinary(name, "is FP16");
  if (datatype === "BYTES") {
    const strings = toByteStrings(tensor).map((bytes) => {
      try {
        return JSON.stringify(text.decode(bytes));
      } catch (cause) {
        throw needsBinary(name, "holds bytes that are no UTF-8 text", cause);
      }
    });
    return `[${strings.join()}]`;
  }
  const { size } = DATATYPES[datatype];
  const { read } = CODECS[datatype];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const parts: string[] = [];
  for (let at = 0; at < data.length; at += size) {
    const part = read(view, at);
    if (part === null) throw needsBinary(name, `has element ${at / size} beyond what a JSON number says exactly`);
    parts.push(part);
  }
  return `[${parts.join()}]`;
}
