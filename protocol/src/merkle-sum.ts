import { concatHex, type Hex, keccak256, numberToHex, zeroHash } from "viem";
import { bytes32, small, type Uint, uint } from "./check.ts";
import { SuretyError } from "./errors.ts";

/** A node of the tree with the units below it. */
export type SumNode = { hash: Hex; sum: bigint };

/** Path of one leaf: siblings from the leaf's level upwards. */
export type MerkleSumProof = { index: number; siblings: SumNode[] };

/** A built tree. */
export type MerkleSum = {
  root: Hex;
  /** ceil(log2 count). */
  depth: number;
  /** Sum of all leaves' units. */
  units: bigint;
  count: number;
  proof(index: number): MerkleSumProof;
  /** Index of the leaf with prefix <= position < prefix + units; refuses positions beyond the units. */
  locate(position: bigint): number;
};

/** Most levels: a count is below 2^32. */
export const MAX_DEPTH = 32;
/** The child where a tree has none, at every level. */
const EMPTY: SumNode = { hash: zeroHash, sum: 0n };

/** Levels above the leaves for `count` leaves. */
export const merkleDepth = (count: number): number => (count < 2 ? 0 : 32 - Math.clz32(count - 1));

/** `keccak256(abi.encode(bytes32 left, uint64 leftSum, bytes32 right, uint64 rightSum))`; refuses a sum over 64 bits. */
function join(left: SumNode, right: SumNode): SumNode {
  const sum = uint("sum of units", left.sum + right.sum, 64);
  const word = (n: bigint): Hex => numberToHex(n, { size: 32 });
  return { hash: keccak256(concatHex([left.hash, word(left.sum), right.hash, word(right.sum)])), sum };
}

/**
 * Builds the Merkle sum tree of an epoch's log (docs/protocol.md section 5): leaf index = seq, gaps are leaves of zero
 * units, a child that the count leaves empty is (0, 0). One leaf: the root is its hash. No leaf: the root is zero.
 */
export function buildMerkleSum(leaves: readonly { hash: Hex; units: Uint }[]): MerkleSum {
  const count = small("count of leaves", leaves.length, 2 ** 32 - 1);
  const depth = merkleDepth(count);
  const levels: SumNode[][] = [
    leaves.map(({ hash, units }) => ({ hash: bytes32("leaf hash", hash), sum: uint("leaf units", units, 64) })),
  ];
  for (let level = 0; level < depth; level++) {
    const below = levels[level]!;
    levels.push(
      Array.from({ length: Math.ceil(below.length / 2) }, (_, i) => join(below[2 * i]!, below[2 * i + 1] ?? EMPTY)),
    );
  }
  const top = levels[depth]![0] ?? EMPTY;
  const within = (index: number): number => {
    if (count > 0) return small("leaf index", index, count - 1);
    throw new SuretyError("PROTOCOL_EMPTY_TREE", "the tree has no leaves");
  };
  return {
    root: top.hash,
    depth,
    units: top.sum,
    count,
    proof: (index) => ({
      index: within(index),
      siblings: levels.slice(0, depth).map((level, i) => level[(index >>> i) ^ 1] ?? EMPTY),
    }),
    locate(position) {
      if (uint("position", position, 64) >= top.sum) {
        throw new SuretyError("PROTOCOL_POSITION", `position is ${position}, needs one below the ${top.sum} units`);
      }
      let index = 0;
      let left = position;
      for (let level = depth - 1; level >= 0; level--) {
        index *= 2;
        const first = levels[level]![index]!.sum;
        if (left >= first) {
          left -= first;
          index++;
        }
      }
      return index;
    },
  };
}

/** What a path is checked against: the committed log, and the leaf as shown. */
export type MerkleSumClaim = {
  root: Hex;
  units: Uint;
  count: number;
  leaf: Hex;
  leafUnits: Uint;
  proof: MerkleSumProof;
};

const refuse = (why: string): SuretyError =>
  new SuretyError("PROTOCOL_BAD_PROOF", `the path does not prove the leaf: ${why}`);

/**
 * Checks that a leaf of `leafUnits` stands at `proof.index` of the committed log.
 * @returns `prefix`, the units before the leaf: it is the leaf of a position p if prefix <= p < prefix + leafUnits
 * @throws SuretyError PROTOCOL_BAD_PROOF for a path of wrong length, an index beyond the count, a filled place beyond the
 * count, another root or another total; PROTOCOL_OUT_OF_RANGE for a sum over 64 bits
 */
export function verifyMerkleSum(claim: MerkleSumClaim): { prefix: bigint } {
  const { index, siblings } = claim.proof;
  const count = small("count", claim.count, 2 ** 32 - 1);
  small("leaf index", index, 2 ** 32 - 1);
  if (index >= count) throw refuse(`index ${index} is not below the count ${count}`);
  const depth = merkleDepth(count);
  if (siblings.length !== depth) throw refuse(`it has ${siblings.length} siblings, ${count} leaves need ${depth}`);
  let node: SumNode = { hash: bytes32("leaf", claim.leaf), sum: uint("leaf units", claim.leafUnits, 64) };
  let prefix = 0n;
  let place = index;
  let width = count;
  for (const shown of siblings) {
    const sibling = { hash: bytes32("sibling", shown.hash), sum: uint("sibling sum", shown.sum, 64) };
    const beyond = (place ^ 1) >>> 0 >= width;
    if (beyond && (sibling.sum !== 0n || sibling.hash !== zeroHash)) throw refuse("a place beyond the count is filled");
    if (place % 2 === 1) {
      prefix += sibling.sum;
      node = join(sibling, node);
    } else {
      node = join(node, sibling);
    }
    place = Math.floor(place / 2);
    width = Math.ceil(width / 2);
  }
  if (node.hash !== bytes32("root", claim.root))
    throw refuse(`it leads to root ${node.hash}, committed is ${claim.root}`);
  if (node.sum !== uint("units", claim.units, 64))
    throw refuse(`it sums to ${node.sum} units, committed are ${claim.units}`);
  return { prefix };
}
