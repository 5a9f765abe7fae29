import type { Address, Hex } from "viem";
import { SuretyError } from "./errors.ts";

/** An unsigned integer as callers may give it. */
export type Uint = bigint | number;

/** What was received, short enough for a message whatever a stranger sent. */
export const show = (value: unknown): string => {
  const text = typeof value === "bigint" ? `${value}n` : typeof value === "string" ? `"${value}"` : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

/** @returns `value` as a bigint; refuses all but integers in [0, 2^bits). */
export function uint(name: string, value: Uint, bits: number): bigint {
  const whole = typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value));
  const big = whole ? BigInt(value) : -1n;
  if (big < 0n || big >> BigInt(bits) !== 0n) {
    throw new SuretyError("PROTOCOL_OUT_OF_RANGE", `${name} is ${show(value)}, needs an integer in [0, 2^${bits})`, {
      details: { name, bits },
    });
  }
  return big;
}

/** @returns `value`; refuses all but integers in [0, max]. */
export function small(name: string, value: number, max: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > max) {
    throw new SuretyError("PROTOCOL_OUT_OF_RANGE", `${name} is ${show(value)}, needs an integer from 0 to ${max}`, {
      details: { name, max },
    });
  }
  return value;
}

/** @returns `value` in lower case; refuses all but 32 bytes of 0x hex. */
export function bytes32(name: string, value: Hex): Hex {
  if (typeof value !== "string" || !/^0x[0-9a-fA-F]{64}$/.test(value)) {
    throw new SuretyError("PROTOCOL_BAD_BYTES32", `${name} is ${show(value)}, needs 0x and 64 hex digits`, {
      details: { name },
    });
  }
  return value.toLowerCase() as Hex;
}

/** @returns `value` in lower case, so that equal addresses are equal strings; refuses all but 20 bytes of 0x hex. */
export function address(name: string, value: Address): Address {
  if (typeof value !== "string" || !/^0x[0-9a-fA-F]{40}$/.test(value)) {
    throw new SuretyError("PROTOCOL_BAD_ADDRESS", `${name} is ${show(value)}, needs 0x and 40 hex digits`, {
      details: { name },
    });
  }
  return value.toLowerCase() as Address;
}
