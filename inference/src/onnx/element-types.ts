import { type Datatype, DATATYPES as WIRE } from "@surety/protocol";

/** TensorProto.DataType numbers that may be inputs and outputs: those both runtimes carry bit for bit. */
export const DATATYPES: Readonly<Record<number, Datatype>> = Object.fromEntries(
  Object.entries(WIRE)
    .filter(([name]) => name !== "BYTES")
    .map(([name, { onnx }]) => [onnx, name as Datatype]),
);

/** Bits per element of the data types that constants may have: those above and the narrow ones of quantised weights. */
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

const NAMES = [
  "UNDEFINED FLOAT UINT8 INT8 UINT16 INT16 INT32 INT64 STRING BOOL FLOAT16 DOUBLE UINT32 UINT64 COMPLEX64",
  "COMPLEX128 BFLOAT16 FLOAT8E4M3FN FLOAT8E4M3FNUZ FLOAT8E5M2 FLOAT8E5M2FNUZ UINT4 INT4 FLOAT4E2M1 FLOAT8E8M0",
  "UINT2 INT2",
].flatMap((line) => line.split(" "));

/** @returns the name onnx.proto gives a TensorProto.DataType number, or the number. */
export const elementTypeName = (dataType: number | undefined): string => NAMES[dataType ?? 0] ?? `type ${dataType}`;
