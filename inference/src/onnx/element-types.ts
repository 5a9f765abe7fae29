import { type Datatype, DATATYPES as WIRE } from "@surety/protocol";

/** TensorProto.DataType number of strings. */
export const STRING = WIRE.BYTES.onnx;

/**
 * TensorProto.DataType numbers that may be inputs and outputs (docs/data-types.md): those that the JavaScript bindings of
 * both runtimes carry bit for bit.
 */
export const DATATYPES: Readonly<Record<number, Datatype>> = Object.fromEntries(
  Object.entries(WIRE).map(([name, { onnx }]) => [onnx, name as Datatype]),
);

/**
 * Bits per element of the data types that constants may have beside strings: those above and the narrow ones of quantised
 * weights.
 */
export const ELEMENT_BITS: Readonly<Record<number, number>> = {
  1: 32,
  2: 8,
  3: 8,
  4: 16,
  5: 16,
  6: 32,
  7: 64,
  9: 8,
  10: 16,
  11: 64,
  12: 32,
  13: 64,
  16: 16,
  17: 8,
  18: 8,
  19: 8,
  20: 8,
  21: 4,
  22: 4,
  23: 4,
  24: 8,
  25: 2,
  26: 2,
};

/** Field of TensorProto that holds the elements of a type when `raw_data` does not. */
export const TYPED: Readonly<Record<number, "floatData" | "int32Data" | "int64Data" | "doubleData" | "uint64Data">> = {
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

const NAMES = [
  "UNDEFINED FLOAT UINT8 INT8 UINT16 INT16 INT32 INT64 STRING BOOL FLOAT16 DOUBLE UINT32 UINT64 COMPLEX64",
  "COMPLEX128 BFLOAT16 FLOAT8E4M3FN FLOAT8E4M3FNUZ FLOAT8E5M2 FLOAT8E5M2FNUZ UINT4 INT4 FLOAT4E2M1 FLOAT8E8M0",
  "UINT2 INT2",
].flatMap((line) => line.split(" "));

/** @returns the name onnx.proto gives a TensorProto.DataType number, or the number. */
export const elementTypeName = (dataType: number | undefined): string => NAMES[dataType ?? 0] ?? `type ${dataType}`;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @returns what is wrong with the bytes of a string element, as the end of a sentence, or undefined. */
export function stringProblem(bytes: Uint8Array): string | undefined {
  // Both bindings hand strings over as C strings and would cut this one short.
  if (bytes.includes(0)) return "holds a zero byte";
  try {
    utf8.decode(bytes);
    return undefined;
  } catch {
    return "is no UTF-8";
  }
}
