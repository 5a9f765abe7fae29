import { createHash } from "node:crypto";
import type { RerunItem } from "@surety/protocol";
import type { Hex } from "viem";
import { leafOfSamples, positionsOf, rerunBasis } from "../samples.ts";
import type { Store } from "../store/index.ts";
import type { Assignment, LeafRow, OwnOutputs } from "../store/types.ts";

/** SHA-256 of canonical tensors: their hash. */
export const sha256 = (bytes: Uint8Array): Hex => `0x${createHash("sha256").update(bytes).digest("hex")}`;

/**
 * A seat's own results on its samples, and on its own input after them, hashed: the leaves of its data root (docs/protocol.md
 * section 5). Samples without both results are left out.
 */
export function itemsOf(
  positions: readonly bigint[],
  leaves: readonly LeafRow[],
  own?: OwnOutputs | undefined,
): RerunItem[] {
  const items = leafOfSamples(positions, leaves).flatMap((leaf, j): RerunItem[] => {
    if (!leaf?.native || !leaf.wasm) return [];
    return [{ j, nativeHash: sha256(leaf.native), wasmHash: sha256(leaf.wasm) }];
  });
  if (own) items.push({ j: positions.length, nativeHash: sha256(own.native), wasmHash: sha256(own.wasm) });
  return items;
}

/** {@link itemsOf} an assignment, from the store. */
export const storedItems = (store: Store, a: Assignment): RerunItem[] =>
  itemsOf(positionsOf(a, rerunBasis(a.basis)), store.leaves.of(a), store.own.get(a));
