import { SuretyError } from "@surety/protocol";
import {
  decodeInferRequest,
  decodeInferResponse,
  type InferRequest,
  type InferResponse,
  OIP_LIMITS,
  type RawMessage,
} from "@surety/sdk";
import { FILE_LIMITS, inFile, readBounded } from "./files.ts";

const LIMITS = { ...OIP_LIMITS, bodyBytes: FILE_LIMITS.body };
/** Deepest nesting of a message: tensors of rank 8 in a list in an object need 11. */
const MAX_DEPTH = 32;
const BINARY_MARK = Buffer.from('"binary_data_size"');

const [QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [...Buffer.from('"\\{}[]')];
const WHITESPACE = new Set(Buffer.from(" \t\r\n"));

/**
 * Where the JSON object at the start of a body ends: one past its last brace. Looks at each byte once and keeps nothing
 * but the depth; UTF-8 needs no care, since no byte of a longer character is a quote, a backslash or a brace.
 *
 * @throws SuretyError `OIP_MALFORMED` if there is no object, it does not end, or it is nested deeper than 32 levels
 */
export function endOfJson(body: Uint8Array): number {
  const refuse = (why: string) => new SuretyError("OIP_MALFORMED", `the body ${why}`);
  let at = 0;
  while (WHITESPACE.has(body[at]!)) at++;
  if (body[at] !== OPEN) throw refuse("does not begin with a JSON object");
  let inText = false;
  for (let depth = 0; at < body.length; at++) {
    const byte = body[at]!;
    if (inText) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === OPEN || byte === OPEN_LIST) {
      if (++depth > MAX_DEPTH) throw refuse(`is nested deeper than ${MAX_DEPTH} levels`);
    } else if ((byte === CLOSE || byte === CLOSE_LIST) && --depth === 0) return at + 1;
  }
  throw refuse("ends inside its JSON object");
}

/**
 * A body without its header `Inference-Header-Content-Length`, as a file holds it. JSON that mentions `binary_data_size`
 * is followed by binary data; other JSON may be followed by white space only.
 */
export function toRaw(body: Uint8Array, headerLength?: number): RawMessage {
  const end = headerLength ?? endOfJson(body);
  const isBinary = headerLength !== undefined || Buffer.from(body.buffer, body.byteOffset, end).includes(BINARY_MARK);
  return isBinary ? { body, headerLength: String(end) } : { body };
}

/**
 * Reads a file that holds the body of an inference request of the Open Inference Protocol v2: JSON, or JSON followed by
 * binary data.
 *
 * @param headerLength bytes of JSON at its start; without it they are found
 * @throws SuretyError `FILE_UNREADABLE`, `FILE_TOO_LARGE`, `OIP_MALFORMED`, `OIP_TOO_LARGE`, naming the file
 */
export async function readRequest(path: string, headerLength?: number): Promise<InferRequest> {
  const body = await readBounded(path, LIMITS.bodyBytes);
  return inFile(path, () => decodeInferRequest(toRaw(body, headerLength), LIMITS));
}

/** The same for a response. */
export async function readResponse(path: string, headerLength?: number): Promise<InferResponse> {
  const body = await readBounded(path, LIMITS.bodyBytes);
  return inFile(path, () => decodeInferResponse(toRaw(body, headerLength), LIMITS));
}
