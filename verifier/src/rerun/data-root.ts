import { createHash } from "node:crypto";
import { type RerunItem, rerunDataRoot } from "@surety/protocol";
import type { Hex } from "viem";
import { leafOfSamples } from "../samples.ts";
import type { LeafRow } from "../store/types.ts";

const sha256 = (bytes: Uint8Array): Hex => `0x${createHash("sha256").update(bytes).digest("hex")}`;

/**
 * Root over a seat's own results on its samples: leaves (j, native hash, WASM hash) of docs/protocol.md section 5. Samples
 * without both results are left out; zero if there are none.
 */
export function dataRootOf(positions: readonly bigint[], leaves: readonly LeafRow[]): Hex {
  const items = leafOfSamples(positions, leaves).flatMap((leaf, j): RerunItem[] => {
    if (!leaf?.native || !leaf.wasm) return [];
    return [{ j, nativeHash: sha256(leaf.native), wasmHash: sha256(leaf.wasm) }];
  });
  return rerunDataRoot(items);
}
