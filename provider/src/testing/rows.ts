import type { Hex } from "viem";
import { zeroAddress, zeroHash } from "viem";
import type { StoredReceipt } from "../store.ts";
import { PROVIDER } from "./harness.ts";

export const MODEL: Hex = `0x${"aa".repeat(32)}`;
export const OTHER: Hex = `0x${"bb".repeat(32)}`;

/** A stored receipt; `mark` makes its content differ. */
export const rowOf = (
  seq: number,
  { modelId = MODEL, epoch = 1n, units = 1, slot = 0, mark = 0 } = {},
): StoredReceipt => ({
  receipt: {
    provider: PROVIDER,
    modelId,
    epoch,
    seq,
    slot,
    client: zeroAddress,
    inputHash: zeroHash,
    outputHash: zeroHash,
    units,
    servedAtMs: 1_700_000_000_000n,
    latencyMs: 3,
  },
  sealed: zeroHash,
  leaf: `0x${(mark * 65_536 + seq).toString(16).padStart(64, "0")}`,
  inputs: Uint8Array.of(1, 2, mark),
  outputs: Uint8Array.of(3),
});
