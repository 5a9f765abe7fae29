import type { MerkleSum, MerkleSumProof } from "@surety/protocol";
import type { Hex } from "viem";

/** Leaves as they travel to a worker: 32 bytes of hash and the units of each. */
export type PackedLeaves = { hashes: Uint8Array; units: Uint32Array };

/** What is committed of a tree. */
export type TreeSummary = { root: Hex; count: number; units: bigint };

/** A leaf with its path. */
export type OpenedLeaf = { index: number; proof: MerkleSumProof };

/** The distinct leaves of positions, by ascending index. */
export function openLeaves(tree: MerkleSum, positions: readonly bigint[]): OpenedLeaf[] {
  const indices = new Set(positions.map((position) => tree.locate(position)));
  return [...indices].sort((a, b) => a - b).map((index) => ({ index, proof: tree.proof(index) }));
}

/** Leaves with their paths, by index. */
export const proveLeaves = (tree: MerkleSum, indices: readonly number[]): OpenedLeaf[] =>
  indices.map((index) => ({ index, proof: tree.proof(index) }));

/** What is asked of a tree: the leaves of positions, or those of indices. */
export type TreeQuestion = { positions: readonly bigint[] } | { indices: readonly number[] };

/** Answers a question. */
export const answerOf = (tree: MerkleSum, question: TreeQuestion): OpenedLeaf[] =>
  "positions" in question ? openLeaves(tree, question.positions) : proveLeaves(tree, question.indices);
