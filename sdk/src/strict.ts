import { SuretyError } from "@surety/protocol";
import type { Address, Hex } from "viem";

/** What came, short enough for a message whatever a stranger sent. */
export const show = (value: unknown): string => {
  const text = typeof value === "string" ? `"${value}"` : Array.isArray(value) ? "an array" : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

/** The error of all strict parsers: what stood at `path`, and what was expected there. */
export const malformed = (path: string, have: unknown, need: string): SuretyError =>
  new SuretyError("SDK_MALFORMED", `${path} is ${show(have)}, needs ${need}`, { details: { path } });

/** A JSON object with exactly these keys. */
export function record<K extends string>(path: string, value: unknown, keys: readonly K[]): Record<K, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed(path, value, "an object");
  for (const key of Object.keys(value)) {
    if (!keys.includes(key as K)) throw malformed(`${path}.${key.slice(0, 60)}`, "present", `only ${keys.join(", ")}`);
  }
  for (const key of keys) if (!Object.hasOwn(value, key)) throw malformed(`${path}.${key}`, "absent", "a value");
  return value as Record<K, unknown>;
}

/** A JSON array of at most `max` entries. */
export function list(path: string, value: unknown, max: number): unknown[] {
  if (!Array.isArray(value)) throw malformed(path, value, "an array");
  if (value.length > max) throw malformed(path, `an array of ${value.length}`, `at most ${max} entries`);
  return value;
}

/** A JSON number that is an integer from 0 to `max`. */
export function int(path: string, value: unknown, max: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > max || Object.is(value, -0)) {
    throw malformed(path, value, `an integer from 0 to ${max}`);
  }
  return value;
}

/** An unsigned 64-bit integer as a decimal string without leading zeros. */
export function uint64(path: string, value: unknown): bigint {
  if (typeof value === "string" && /^(0|[1-9][0-9]{0,19})$/.test(value)) {
    const big = BigInt(value);
    if (big < 1n << 64n) return big;
  }
  throw malformed(path, value, "a decimal string below 2^64");
}

/** `bytes` bytes as 0x hex, given back in lower case. */
export function hex(path: string, value: unknown, bytes: number): Hex {
  if (typeof value !== "string" || value.length !== 2 + 2 * bytes || !/^0x[0-9a-fA-F]*$/.test(value)) {
    throw malformed(path, value, `0x and ${2 * bytes} hex digits`);
  }
  return value.toLowerCase() as Hex;
}

/** An address as 0x hex, given back in lower case so that equal addresses are equal strings. */
export const address = (path: string, value: unknown): Address => hex(path, value, 20);

/** Bytes as base64 with padding, at most `max` of them. */
export function base64(path: string, value: unknown, max: number): Uint8Array {
  if (typeof value !== "string") throw malformed(path, value, "base64 text");
  if (value.length > 4 * Math.ceil(max / 3))
    throw malformed(path, `base64 of ${value.length} characters`, `${max} bytes at most`);
  if (value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw malformed(path, value, "base64 text");
  const text = atob(value);
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  // One text for one byte string: bits beyond the last byte would make a second.
  if (toBase64(bytes.subarray(-(bytes.length % 3 || 3))) !== value.slice(-4)) {
    throw malformed(path, value.slice(-4), "base64 without stray bits");
  }
  return bytes;
}

/** Bytes as base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
