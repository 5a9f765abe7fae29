import { createHash } from "node:crypto";
import { type RerunItem, rerunTree } from "@surety/protocol";
import type { Hex } from "viem";
import { leafOfSamples } from "../samples.ts";
import type { LeafRow } from "../store/types.ts";

/** SHA-256 of canonical tensors: their hash. */
export const sha256 = (bytes: Uint8Array): Hex => `0x${createHash("sha256").update(bytes).digest("hex")}`;

/**
 * Root over a seat's own results on its samples: leaves (j, native hash, WASM hash) of docs/protocol.md section 5. Samples
 * without both results are left out; zero if there are none.
 */
export const dataRootOf = (positions: readonly bigint[], leaves: readonly LeafRow[]): Hex =>
  rerunTree(itemsOf(positions, leaves)).root;

/** A seat's own results on its samples, hashed. */
export function itemsOf(positions: readonly bigint[], leaves: readonly LeafRow[]): RerunItem[] {
  return leafOfSamples(positions, leaves).flatMap((leaf, j): RerunItem[] => {
    if (!leaf?.native || !leaf.wasm) return [];
    return [{ j, nativeHash: sha256(leaf.native), wasmHash: sha256(leaf.wasm) }];
  });
}
