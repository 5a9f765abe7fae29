import { samplePositions } from "@surety/protocol";
import type { Hex } from "viem";
import { createMemo } from "./memo.ts";
import type { Key } from "./store/types.ts";

/** The facts that a re-run assignment rests on: the seed and the committed log. */
export type RerunBasis = { seed: Hex; root: Hex; count: number; units: bigint; m: number };

/** Reads the basis that the schedule wrote. */
export function rerunBasis(text: string): RerunBasis {
  const basis = JSON.parse(text);
  return { ...basis, units: BigInt(basis.units) };
}

const memo = createMemo<readonly bigint[]>(256);

/** Positions of the samples of a re-run assignment, by j. */
export function positionsOf({ provider, modelId, epoch }: Omit<Key, "role">, basis: RerunBasis): readonly bigint[] {
  const { seed, m, units } = basis;
  const input = { seed, provider, modelId, epoch, m, units };
  return memo(Object.values(input).join(), () => samplePositions(input));
}

/** A leaf's place in the log. */
export type Placed = { prefix: bigint; units: bigint };

/** The leaf of each sample j: prefix <= position < prefix + units; undefined where it was not opened. */
export const leafOfSamples = <T extends Placed>(
  positions: readonly bigint[],
  leaves: readonly T[],
): (T | undefined)[] => positions.map((p) => leaves.find((leaf) => leaf.prefix <= p && p < leaf.prefix + leaf.units));
