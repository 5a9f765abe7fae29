import { SuretyError } from "@surety/protocol";
import protobuf from "protobufjs/minimal.js";
import { type Field, MESSAGES, type ModelProto, type TensorProto } from "./schema.ts";

/** Wire type of a kind of field; text, bytes and messages carry their length. */
const wireType = (kind: string) => (kind === "int" || kind === "long" ? 0 : kind === "float" ? 5 : 2);
/** Messages within messages: a body within a body is three, and the C++ reader of the runtime stops at a hundred. */
const MAX_DEPTH = 64;
/** What a field that may occur often holds while it has not: one for all, or a file of a million empty messages fills the memory. */
const NONE: readonly unknown[] = Object.freeze([]);
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const malformed = (message: string, cause?: unknown) =>
  new SuretyError("INFERENCE_MODEL_MALFORMED", `The ONNX data is malformed: ${message}. Export it again.`, { cause });

type Context = { reader: protobuf.Reader; budget: number; depth: number };

function readInteger(reader: protobuf.Reader, kind: "int" | "long"): number | bigint {
  const { high, low } = reader.int64();
  const value = high * 2 ** 32 + (low >>> 0);
  if (Number.isSafeInteger(value)) return value;
  if (kind === "int") throw malformed(`a number is about ${value}, needs less than 2^53`);
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low >>> 0));
}

function readScalar({ reader }: Context, kind: string): unknown {
  if (kind === "int" || kind === "long") return readInteger(reader, kind);
  if (kind === "float") return reader.float();
  const bytes = reader.bytes();
  return kind === "text" ? utf8.decode(bytes) : bytes;
}

/** Reads one occurrence of a field; packed numbers give several values. */
function readField(context: Context, field: Field, wire: number, end: number): unknown[] {
  const { reader } = context;
  const [name, kind, many] = field;
  const expected = wireType(kind);
  if (wire === expected) {
    const nested = MESSAGES[kind];
    if (nested === undefined) return [readScalar(context, kind)];
    const size = reader.uint32();
    if (reader.pos + size > end) throw malformed(`field ${name} runs past the message that holds it`);
    if (context.depth === MAX_DEPTH) {
      throw new SuretyError(
        "INFERENCE_MODEL_TOO_LARGE",
        `The ONNX file is nested deeper than ${MAX_DEPTH} messages at field ${name}; needs a flatter graph.`,
      );
    }
    context.depth += 1;
    const message = readMessage(context, kind, reader.pos + size);
    context.depth -= 1;
    return [message];
  }
  if (wire !== 2 || expected === 2 || many === undefined)
    throw malformed(`field ${name} has wire type ${wire}, needs ${expected}`);
  const stop = reader.uint32() + reader.pos;
  if (stop > end) throw malformed(`field ${name} runs past the message that holds it`);
  const values: unknown[] = [];
  while (reader.pos < stop) {
    values.push(readScalar(context, kind));
    spend(context);
  }
  if (reader.pos !== stop) throw malformed(`field ${name} ends in the middle of a number`);
  return values;
}

function spend(context: Context) {
  context.budget -= 1;
  if (context.budget < 0) {
    throw new SuretyError("INFERENCE_MODEL_TOO_LARGE", "The ONNX file holds too many fields; needs a smaller graph.");
  }
}

function readMessage(context: Context, type: string, end: number): Record<string, unknown> {
  const fields = MESSAGES[type] as Record<number, Field>;
  const message: Record<string, unknown> = {};
  for (const [name, , many] of Object.values(fields)) if (many !== undefined) message[name] = NONE;
  while (context.reader.pos < end) {
    spend(context);
    const tag = context.reader.uint32();
    const field = fields[tag >>> 3];
    if (field === undefined) throw malformed(`${type} has field ${tag >>> 3}, which onnx.proto does not know`);
    const [name, , many] = field;
    const values = readField(context, field, tag & 7, end);
    // A second occurrence would be merged by one protobuf reader and replace the first in another.
    if (many === undefined && name in message) throw malformed(`${type} has two of ${name}`);
    if (many === undefined) message[name] = values[0];
    else if (message[name] === NONE) message[name] = values;
    else for (const value of values) (message[name] as unknown[]).push(value);
  }
  if (context.reader.pos !== end) throw malformed(`${type} runs past its end`);
  return message;
}

function decode(type: string, bytes: Uint8Array, maxFields: number): Record<string, unknown> {
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const context = { reader: new protobuf.Reader(plain), budget: maxFields, depth: 1 };
  try {
    return readMessage(context, type, plain.length);
  } catch (error) {
    if (error instanceof SuretyError) throw error;
    throw malformed(error instanceof Error ? error.message : String(error), error);
  }
}

/**
 * Decodes an ONNX file strictly: no unknown field, no repeated singular field, no group, valid UTF-8, bounded number of
 * fields, bounded nesting. Whatever passes means the same to every protobuf reader.
 *
 * @param bytes the file; byte arrays of the result are views of it
 * @param maxFields how many fields and numbers the file may hold
 * @throws SuretyError `INFERENCE_MODEL_MALFORMED`, `INFERENCE_MODEL_TOO_LARGE`
 */
export const decodeModel = (bytes: Uint8Array, maxFields = 1_000_000): ModelProto =>
  decode("Model", bytes, maxFields) as unknown as ModelProto;

/** Decodes a tensor that a file holds on its own, by the rules of {@link decodeModel}. */
export const decodeTensor = (bytes: Uint8Array, maxFields = 1_000_000): TensorProto =>
  decode("Tensor", bytes, maxFields) as unknown as TensorProto;
