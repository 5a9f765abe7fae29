import protobuf from "protobufjs/minimal.js";
import { MESSAGES } from "../onnx/schema.ts";

/** A message as plain data: names of onnx.proto, see `MESSAGES`. */
export type Plain = Record<string, unknown>;

/** 64 bits in the two halves that protobufjs takes. */
const longOf = (value: number | bigint) => ({
  low: Number(BigInt.asIntN(32, BigInt(value))),
  high: Number(BigInt.asIntN(32, BigInt(value) >> 32n)),
  unsigned: false,
});

function writeValue(writer: protobuf.Writer, number: number, kind: string, value: unknown): void {
  if (kind === "int") writer.uint32(number << 3).int64(value as number);
  else if (kind === "long") writer.uint32(number << 3).int64(longOf(value as number | bigint));
  else if (kind === "float") writer.uint32((number << 3) | 5).float(value as number);
  else if (kind === "text") writer.uint32((number << 3) | 2).string(value as string);
  else if (kind === "blob" || kind === "packed") writer.uint32((number << 3) | 2).bytes(value as Uint8Array);
  else
    writer.uint32((number << 3) | 2).bytes(value instanceof Uint8Array ? value : encodeMessage(kind, value as Plain));
}

/**
 * Encodes a message of onnx.proto. Arrays become repeated fields, also where the schema has a single one; bytes in place
 * of a message are taken for one that is encoded already.
 */
export function encodeMessage(type: string, message: Plain): Uint8Array {
  const writer = new protobuf.Writer();
  for (const [number, [name, kind]] of Object.entries(MESSAGES[type]!)) {
    const value = message[name];
    const values = value === undefined ? [] : Array.isArray(value) ? value : [value];
    for (const item of values) writeValue(writer, Number(number), kind, item);
  }
  return writer.finish();
}

/** A float32 constant stored as raw bytes. */
export const floats = (name: string, dims: number[], values: number[]): Plain => ({
  name,
  dims,
  dataType: 1,
  rawData: new Uint8Array(Float32Array.from(values).buffer),
});

/** An int64 constant stored as raw bytes. */
export const longs = (name: string, dims: number[], values: bigint[]): Plain => ({
  name,
  dims,
  dataType: 7,
  rawData: new Uint8Array(BigInt64Array.from(values).buffer),
});

/** An input or output; a word in the shape is a free dimension. */
export const value = (name: string, dims: (number | string)[], elemType = 1): Plain => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: { dim: dims.map((dim) => (typeof dim === "number" ? { dimValue: dim } : { dimParam: dim })) },
    },
  },
});

/** One operator. */
export const node = (opType: string, input: string[], output: string[], more: Plain = {}): Plain => ({
  opType,
  name: `${opType}_${output.join("_")}`,
  input,
  output,
  ...more,
});

/** y = x W + b with x [batch, 3], y [batch, 2]: a small honest graph that tests spoil. */
export const honestGraph = (): Plain => ({
  name: "g",
  node: [node("Gemm", ["x", "w", "b"], ["y"])],
  initializer: [floats("w", [3, 2], [0.1, -0.7, 1.3, 0.25, -2.2, 0.6]), floats("b", [2], [0.5, -0.5])],
  input: [value("x", ["batch", 3])],
  output: [value("y", ["batch", 2])],
});

/** An ONNX file around `graph`. */
export const buildModel = (graph: Plain = honestGraph(), more: Plain = {}): Uint8Array =>
  encodeMessage("Model", { irVersion: 8, opsetImport: { version: 16 }, producerName: "test", graph, ...more });
