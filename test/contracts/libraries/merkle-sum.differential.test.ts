import { buildMerkleSum, type MerkleSumProof, verifyMerkleSum } from "@surety/protocol";
import { assert } from "chai";
import fc from "fast-check";
import type { Hex } from "viem";
import { bytes32, call, runs, sameVerdict, uint } from "./harness.ts";

type Claim = { root: Hex; units: bigint; count: number; leaf: Hex; leafUnits: bigint; proof: MerkleSumProof };

const args = ({ root, units, count, leaf, leafUnits, proof }: Claim) =>
  [root, units, count, leaf, leafUnits, proof.index, proof.siblings] as const;

const leaves = fc.array(
  fc.record({ hash: bytes32, units: fc.oneof({ weight: 9, arbitrary: uint(6) }, { weight: 1, arbitrary: uint(55) }) }),
  { minLength: 1, maxLength: 70, size: "max" },
);

function claimOf(list: { hash: Hex; units: bigint }[], index: number): Claim {
  const { root, units, count, proof } = buildMerkleSum(list);
  return { root, units, count, leaf: list[index]!.hash, leafUnits: list[index]!.units, proof: proof(index) };
}

/** Ways to lie about a leaf; `n` picks a level or a size. */
const lies: ((claim: Claim, n: number, hash: Hex) => void)[] = [
  (c, _, hash) => (c.root = hash),
  (c, n) => (c.units += BigInt(n) + 1n),
  (c, n) => (c.count = Math.max(0, c.count + 1 + (n % 9) - 5)),
  (c, _, hash) => (c.leaf = hash),
  (c, n) => (c.leafUnits += BigInt(n) + 1n),
  (c, n) => (c.proof.index = (c.proof.index + 1 + n) % (c.count + 1)),
  (c, n, hash) => {
    const sibling = c.proof.siblings[n % Math.max(1, c.proof.siblings.length)];
    if (sibling) sibling.hash = hash;
  },
  (c, n) => {
    const sibling = c.proof.siblings[n % Math.max(1, c.proof.siblings.length)];
    if (sibling) sibling.sum ^= 1n << BigInt(n % 64);
  },
  (c, n, hash) => void c.proof.siblings.splice(n % (c.proof.siblings.length + 1), 0, { hash, sum: 0n }),
  (c) => void c.proof.siblings.pop(),
];

describe("MerkleSum against its twin", () => {
  it("finds the same prefix for every leaf", async () => {
    const property = fc.asyncProperty(leaves, fc.nat(), async (list, at) => {
      const tree = buildMerkleSum(list);
      assert.equal(await call("depthOf", tree.count), BigInt(tree.depth));
      for (const index of [0, at % tree.count, tree.count - 1]) {
        const claim = claimOf(list, index);
        const { prefix } = verifyMerkleSum(claim);
        assert.equal(await call("verifySum", ...args(claim)), prefix);
        if (claim.leafUnits > 0n) assert.equal(tree.locate(prefix), index);
      }
    });
    await fc.assert(property, runs(60));
  });

  it("refuses the same lies", async () => {
    let passed = 0;
    const lie = fc.tuple(fc.nat(lies.length - 1), fc.nat(63), bytes32);
    const property = fc.asyncProperty(
      leaves,
      fc.nat(),
      fc.array(lie, { minLength: 1, maxLength: 2 }),
      async (list, at, told) => {
        const claim = structuredClone(claimOf(list, at % list.length));
        for (const [kind, n, hash] of told) lies[kind]!(claim, n, hash);
        if (await sameVerdict(() => verifyMerkleSum(claim), "verifySum", ...args(claim))) passed++;
      },
    );
    await fc.assert(property, runs(400));
    assert.isBelow(passed, 60); // some lies are none: a count of the same depth with nothing beyond it
  });
});
