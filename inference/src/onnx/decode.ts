import { SuretyError } from "@surety/protocol";
import protobuf from "protobufjs/minimal.js";
import { type Field, MESSAGES, type ModelProto } from "./schema.ts";

/** Wire type of a kind of field; text, bytes and messages carry their length. */
const wireType = (kind: string) => (kind === "int" ? 0 : kind === "float" ? 5 : 2);
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const malformed = (message: string, cause?: unknown) =>
  new SuretyError("INFERENCE_MODEL_MALFORMED", `The ONNX file is malformed: ${message}. Export it again.`, { cause });

type Context = { reader: protobuf.Reader; budget: number };

function readScalar({ reader }: Context, kind: string): unknown {
  if (kind === "int") {
    const { high, low } = reader.int64();
    return high * 2 ** 32 + (low >>> 0);
  }
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
    return [readMessage(context, kind, reader.pos + size)];
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
  for (const [name, , many] of Object.values(fields)) if (many !== undefined) message[name] = [];
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
    else for (const value of values) (message[name] as unknown[]).push(value);
  }
  if (context.reader.pos !== end) throw malformed(`${type} runs past its end`);
  return message;
}

/**
 * Decodes an ONNX file strictly: no unknown field, no repeated singular field, no group, valid UTF-8, bounded number of
 * fields. Whatever passes means the same to every protobuf reader.
 *
 * @param bytes the file; byte arrays of the result are views of it
 * @param maxFields how many fields and numbers the file may hold
 * @throws SuretyError `INFERENCE_MODEL_MALFORMED`, `INFERENCE_MODEL_TOO_LARGE`
 */
export function decodeModel(bytes: Uint8Array, maxFields = 1_000_000): ModelProto {
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const context = { reader: new protobuf.Reader(plain), budget: maxFields };
  try {
    return readMessage(context, "Model", plain.length) as unknown as ModelProto;
  } catch (error) {
    if (error instanceof SuretyError) throw error;
    throw malformed(error instanceof Error ? error.message : String(error), error);
  }
}
