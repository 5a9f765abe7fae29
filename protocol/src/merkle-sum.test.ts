import { expect } from "chai";
import { AbiCoder, keccak256 as ethersKeccak } from "ethers";
import fc from "fast-check";
import { zeroHash } from "viem";
import { buildMerkleSum, type MerkleSumClaim, merkleDepth, verifyMerkleSum } from "./merkle-sum.ts";
import { code } from "./testing/refusal.ts";
import { hash } from "./testing/samples.ts";

const abi = AbiCoder.defaultAbiCoder();
const leavesOf = (units: number[]) => units.map((u, i) => ({ hash: hash(1000 + i), units: u }));

/** The rule told another way: the root of a span of 2^level places, empty where it begins beyond the leaves. */
function rootOf(leaves: { hash: string; units: number }[], level: number, from = 0): [string, bigint] {
  if (from >= leaves.length) return [zeroHash, 0n];
  if (level === 0) return [leaves[from]!.hash, BigInt(leaves[from]!.units)];
  const left = rootOf(leaves, level - 1, from);
  const right = rootOf(leaves, level - 1, from + 2 ** (level - 1));
  const node = abi.encode(["bytes32", "uint64", "bytes32", "uint64"], [...left, ...right]);
  return [ethersKeccak(node), left[1] + right[1]];
}

const units = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 });

describe("Merkle sum", () => {
  it("has the root that the rule gives, told another way", () => {
    for (const count of [1, 2, 3, 4, 5, 8, 9, 31, 33]) {
      const leaves = leavesOf(Array.from({ length: count }, (_, i) => (i * 7) % 4));
      const tree = buildMerkleSum(leaves);
      expect([tree.root, tree.units]).to.deep.equal(rootOf(leaves, tree.depth));
      expect(tree.depth).to.equal(Math.ceil(Math.log2(count)));
    }
    expect(merkleDepth(2 ** 32 - 1)).to.equal(32);
  });

  it("of one leaf is the leaf, of none is zero", () => {
    const one = buildMerkleSum([{ hash: hash(5), units: 3 }]);
    expect([one.root, one.units, one.depth, one.proof(0).siblings]).to.deep.equal([hash(5), 3n, 0, []]);
    const none = buildMerkleSum([]);
    expect([none.root, none.units, none.count, none.depth]).to.deep.equal([zeroHash, 0n, 0, 0]);
    expect(code(() => none.proof(0))).to.equal("PROTOCOL_EMPTY_TREE");
  });

  it("proves every leaf with the units before it", () => {
    fc.assert(
      fc.property(units, (us) => {
        const leaves = leavesOf(us);
        const tree = buildMerkleSum(leaves);
        let before = 0n;
        for (const [i, leaf] of leaves.entries()) {
          const claim = {
            root: tree.root,
            units: tree.units,
            count: us.length,
            leaf: leaf.hash,
            leafUnits: leaf.units,
          };
          expect(verifyMerkleSum({ ...claim, proof: tree.proof(i) }).prefix).to.equal(before);
          for (let p = before; p < before + BigInt(leaf.units); p++) expect(tree.locate(p)).to.equal(i);
          before += BigInt(leaf.units);
        }
        expect(before).to.equal(tree.units);
      }),
      { numRuns: 60 },
    );
  });

  it("proves nothing that was tampered with", () => {
    const tamper = fc.constantFrom("leaf", "leafUnits", "root", "units", "index", "hash", "sum", "swap", "drop", "add");
    fc.assert(
      fc.property(units, fc.nat(), tamper, fc.nat(), (us, pick, what, level) => {
        const leaves = leavesOf(us);
        const tree = buildMerkleSum(leaves);
        const i = pick % us.length;
        const proof = structuredClone(tree.proof(i));
        const base: MerkleSumClaim = {
          root: tree.root,
          units: tree.units,
          count: us.length,
          leaf: leaves[i]!.hash,
          leafUnits: us[i]!,
          proof,
        };
        const sibling = proof.siblings[level % (proof.siblings.length || 1)];
        const change: Record<string, () => void> = {
          leaf: () => Object.assign(base, { leaf: hash(1) }),
          leafUnits: () => Object.assign(base, { leafUnits: us[i]! + 1 }),
          root: () => Object.assign(base, { root: hash(1) }),
          units: () => Object.assign(base, { units: tree.units + 1n }),
          index: () => Object.assign(proof, { index: i + 1 }),
          hash: () => sibling && Object.assign(sibling, { hash: hash(1) }),
          sum: () => sibling && Object.assign(sibling, { sum: sibling.sum + 1n }),
          swap: () => sibling && Object.assign(proof, { index: i ^ (1 << (level % proof.siblings.length)) }),
          drop: () => proof.siblings.pop(),
          add: () => proof.siblings.push({ hash: zeroHash, sum: 0n }),
        };
        fc.pre(sibling !== undefined || !["hash", "sum", "swap", "drop"].includes(what));
        change[what]!();
        expect(
          code(() => verifyMerkleSum(base)),
          what,
        ).to.equal("PROTOCOL_BAD_PROOF");
      }),
      { numRuns: 400 },
    );
  });

  it("lets no leaf hide beyond the count", () => {
    // The tree has four leaves, the log claims three: the fourth's units would never be sampled as anybody's.
    const leaves = leavesOf([1, 2, 3, 4]);
    const tree = buildMerkleSum(leaves);
    const claim = {
      root: tree.root,
      units: tree.units,
      count: 3,
      leaf: leaves[2]!.hash,
      leafUnits: 3,
      proof: tree.proof(2),
    };
    expect(code(() => verifyMerkleSum(claim))).to.equal("PROTOCOL_BAD_PROOF");
    expect(verifyMerkleSum({ ...claim, count: 4 })).to.deep.equal({ prefix: 3n });
  });

  it("refuses sums over 64 bits and what is malformed", () => {
    const top = (1n << 64n) - 1n;
    expect(
      code(() =>
        buildMerkleSum([
          { hash: hash(1), units: top },
          { hash: hash(2), units: 1 },
        ]),
      ),
    ).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => buildMerkleSum([{ hash: "0x", units: 1 }]))).to.equal("PROTOCOL_BAD_BYTES32");
    expect(code(() => buildMerkleSum([{ hash: hash(1), units: -1 }]))).to.equal("PROTOCOL_OUT_OF_RANGE");
    const tree = buildMerkleSum(leavesOf([1, 0, 2]));
    expect(code(() => tree.proof(3))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => tree.locate(3n))).to.equal("PROTOCOL_POSITION");
    const claim = { root: tree.root, units: 3n, count: 3, leaf: hash(1000), leafUnits: 1, proof: tree.proof(0) };
    expect(code(() => verifyMerkleSum({ ...claim, count: 0 }))).to.equal("PROTOCOL_BAD_PROOF");
    expect(code(() => verifyMerkleSum({ ...claim, leafUnits: top }))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => verifyMerkleSum({ ...claim, proof: { ...claim.proof, index: -1 } }))).to.equal(
      "PROTOCOL_OUT_OF_RANGE",
    );
  });
});
