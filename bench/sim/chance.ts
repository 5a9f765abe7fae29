import { createHash } from "node:crypto";
import type { Hex } from "viem";

/** What a draw is about; equal keys give equal draws, so that two worlds differ only where their actors do. */
export type Key = readonly (string | number | bigint)[];

/** 32 bytes that seed and key decide. */
export const bytesOf = (seed: number, ...key: Key): Hex =>
  `0x${createHash("sha256")
    .update(JSON.stringify([seed, ...key.map(String)]))
    .digest("hex")}`;

/** A number in [0, 1) that seed and key decide. */
export const chanceOf = (seed: number, ...key: Key): number =>
  Number.parseInt(bytesOf(seed, ...key).slice(2, 14), 16) / 2 ** 48;
