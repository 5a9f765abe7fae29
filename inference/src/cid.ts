import { createHash } from "node:crypto";

/** SHA-256 of bytes, as 0x and 64 hex digits. */
export const sha256 = (bytes: Uint8Array): `0x${string}` => `0x${createHash("sha256").update(bytes).digest("hex")}`;

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * The CID of a file as one raw block: version 1, codec raw (0x55), sha2-256, base32. It is what
 * `ipfs add --cid-version=1 --raw-leaves` gives a file of at most one chunk.
 */
export function rawCid(bytes: Uint8Array): string {
  const digits = `01551220${sha256(bytes).slice(2)}`;
  const bits = [...digits].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, "0")).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return `b${groups.map((group) => ALPHABET[Number.parseInt(group.padEnd(5, "0"), 2)]).join("")}`;
}
