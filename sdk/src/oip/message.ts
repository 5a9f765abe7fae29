import { malformed, tooLarge } from "./errors.ts";
import type { OipLimits } from "./limits.ts";

/** The header that says how many bytes of the body are JSON; in lower case, as Node and `Headers` give it. */
export const HEADER_LENGTH = "inference-header-content-length";

/** A message ready to be sent. */
export type OipMessage = { headers: Record<string, string>; body: Uint8Array };

/** A message as it came: its bytes and the value of the header {@link HEADER_LENGTH}, if there was one. */
export type RawMessage = { body: Uint8Array; headerLength?: string | undefined };

/** Flat scalars beside tensors: the protocol allows no nesting. */
export type OipParameters = Record<string, string | number | boolean>;

/** The binary part of a message, taken in the order in which tensors appear. */
export type BinaryPart = { take: (name: string, size: number) => Uint8Array; end: () => void };

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true });

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(text.decode(bytes));
  } catch (cause) {
    throw malformed(
      `the body is no JSON in UTF-8: ${cause instanceof Error ? cause.message.slice(0, 120) : "unreadable"}`,
    );
  }
}

function binaryPart(bytes: Uint8Array | null): BinaryPart {
  let at = 0;
  return {
    take: (name, size) => {
      if (bytes === null) {
        throw malformed(
          `tensor "${name}" says binary_data_size, but the header Inference-Header-Content-Length is absent`,
        );
      }
      if (size > bytes.length - at) {
        throw malformed(`tensor "${name}" needs ${size} binary bytes, ${bytes.length - at} are left in the body`);
      }
      at += size;
      return bytes.subarray(at - size, at);
    },
    end: () => {
      const left = (bytes?.length ?? 0) - at;
      if (left > 0) throw malformed(`${left} binary bytes follow the last tensor`);
    },
  };
}

/** Splits a body into its JSON and its binary part. */
export function splitMessage(raw: RawMessage, limits: OipLimits): { json: unknown; binary: BinaryPart } {
  const { headerLength } = raw;
  // A plain view: a Buffer is a Uint8Array whose slice() shares memory, which readers of a tensor do not expect.
  const body = new Uint8Array(raw.body.buffer, raw.body.byteOffset, raw.body.byteLength);
  if (body.length > limits.bodyBytes) throw tooLarge(`the body has ${body.length} bytes, at most ${limits.bodyBytes}`);
  if (headerLength === undefined) return { json: parseJson(body), binary: binaryPart(null) };
  const length = /^[0-9]{1,9}$/.test(headerLength) ? Number(headerLength) : -1;
  if (length < 0 || length > body.length) {
    throw malformed(
      `Inference-Header-Content-Length is "${headerLength.slice(0, 20)}", needs an integer from 0 to the body's ${body.length}`,
    );
  }
  return { json: parseJson(body.subarray(0, length)), binary: binaryPart(body.subarray(length)) };
}

/** Puts JSON and binary data into one body, with the headers that say which is which. */
export function joinMessage(json: string, blobs: readonly Uint8Array[]): OipMessage {
  const head = utf8.encode(json);
  if (blobs.length === 0) return { headers: { "content-type": "application/json" }, body: head };
  const body = new Uint8Array(blobs.reduce((sum, blob) => sum + blob.length, head.length));
  body.set(head);
  let at = head.length;
  for (const blob of blobs) {
    body.set(blob, at);
    at += blob.length;
  }
  return { headers: { "content-type": "application/octet-stream", [HEADER_LENGTH]: String(head.length) }, body };
}

/** An object of the protocol; refuses other JSON and keys that the protocol does not know. */
export function asObject<K extends string>(
  where: string,
  value: unknown,
  keys: readonly K[],
): Partial<Record<K, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw malformed(`${where} needs to be an object`);
  for (const key of Object.keys(value)) {
    if (!keys.includes(key as K)) {
      throw malformed(`${where} has the unknown field "${key.slice(0, 60)}", knows only ${keys.join(", ")}`);
    }
  }
  return value;
}

/** Text of at most `limits.textLength` characters, or undefined if absent. */
export function asText(where: string, value: unknown, limits: OipLimits): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw malformed(`${where} needs to be a string`);
  if (value.length > limits.textLength) {
    throw tooLarge(`${where} has ${value.length} characters, at most ${limits.textLength}`);
  }
  return value;
}

/** Flat parameters, or undefined if absent. */
export function asParameters(where: string, value: unknown): OipParameters | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed(`${where}.parameters needs to be an object`);
  }
  for (const [key, entry] of Object.entries(value)) {
    if (typeof entry !== "string" && typeof entry !== "number" && typeof entry !== "boolean") {
      throw malformed(`${where}.parameters.${key.slice(0, 60)} needs to be a string, a number or a boolean`);
    }
  }
  return value as OipParameters;
}

/** A boolean parameter, or `fallback` if absent. */
export function asFlag(where: string, parameters: OipParameters | undefined, key: string, fallback: boolean): boolean {
  const value = parameters !== undefined && Object.hasOwn(parameters, key) ? parameters[key] : fallback;
  if (typeof value !== "boolean") throw malformed(`${where}.parameters.${key} needs to be true or false`);
  return value;
}
