import type * as p from "@surety/protocol";
import { type Address, bytesToHex, type Hex, keccak256, slice, stringToBytes } from "viem";

/** 32 bytes that look random and are the same for ever. */
export const h = (label: string): Hex => keccak256(stringToBytes(`surety.vectors.${label}`));
export const a = (label: string): Address => slice(h(label), 0, 20);
export const n = (label: string, below: number): number => Number(BigInt(h(label)) % BigInt(below));
export const range = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

export const ids = { provider: a("provider"), modelId: h("model"), epoch: 41n };
export const plain = (t: p.Tensor) => ({ ...t, data: bytesToHex(t.data) });
