import { expect } from "chai";
import { concat, keccak256 as ethersKeccak } from "ethers";
import type { Hex } from "viem";
import { type Assignment, assignmentLeaf, assignmentTree } from "./commitment.ts";
import { openedPaths } from "./opening.ts";
import { code } from "./testing/refusal.ts";
import { account, hash } from "./testing/samples.ts";

const pair = (a: string, b: string): string => ethersKeccak(concat(a < b ? [a, b] : [b, a]));

/** OpenZeppelin's MerkleProof.processProof. */
const climb = (leaf: string, proof: readonly Hex[]): string => proof.reduce(pair, leaf);

const assignment = (n: number): Assignment => ({
  role: n % 2,
  provider: account(n),
  modelId: hash(n + 1),
  report: n % 2 === 0 ? BigInt(n) : 0n,
  dataRoot: hash(n + 2),
  salt: hash(n + 3),
});

/** Every way to choose some of `count` things. */
const subsets = (count: number): number[][] =>
  Array.from({ length: 2 ** count - 1 }, (_, bits) =>
    Array.from({ length: count }, (_, i) => i).filter((i) => ((bits + 1) >> i) & 1),
  );

describe("opening", () => {
  it("gives each leaf the path that it has alone, whichever are opened together", () => {
    for (const count of [1, 2, 3, 5, 7]) {
      const all = Array.from({ length: count }, (_, i) => assignment(10 * i));
      const tree = assignmentTree(all);
      for (const some of subsets(count)) {
        const { order, ...opening } = tree.open(some);
        expect([...order].sort((a, b) => a - b)).to.deep.equal(some);
        const leaves = order.map((i) => assignmentLeaf(all[i]!));
        const paths = openedPaths(leaves, opening);
        expect(paths).to.deep.equal(order.map((i) => tree.proof(i)));
        for (const [at, path] of paths.entries()) expect(climb(leaves[at]!, path)).to.equal(tree.root);
      }
    }
  });

  it("needs neither proof nor flags where all leaves are opened", () => {
    const all = Array.from({ length: 15 }, (_, i) => assignment(i));
    const { proof, flags } = assignmentTree(all).open([...all.keys()]);
    expect([proof, flags]).to.deep.equal([[], []]);
    const leaves = all.map(assignmentLeaf);
    const spelt = openedPaths(leaves, { proof: [], flags: Array(14).fill(true) });
    expect(openedPaths(leaves, { proof, flags })).to.deep.equal(spelt);
  });

  it("follows any tree that a verifier has made, balanced or not", () => {
    const [a, b, c, d] = [hash(1), hash(2), hash(3), hash(4)] as [Hex, Hex, Hex, Hex];
    // a and b, then that with c, then that with d: one leaf opened, and three nodes given.
    const root = [b, c, d].reduce<string>(pair, a);
    expect(openedPaths([a], { proof: [b, c, d], flags: [false, false, false] })).to.deep.equal([[b, c, d]]);
    expect(climb(a, [b, c, d])).to.equal(root);
  });

  it("refuses what opens nothing", () => {
    const bad = (leaves: Hex[], proof: Hex[], flags: boolean[]) =>
      expect(code(() => openedPaths(leaves, { proof, flags }))).to.equal("PROTOCOL_BAD_OPENING");
    const [a, b] = [hash(1), hash(2)];
    bad([], [a], []);
    bad([a], [b], []);
    bad([a], [], [false]);
    bad([a], [b], [true]);
    bad([a, b], [hash(3)], [false, false]);
    expect(code(() => assignmentTree([assignment(1)]).open([]))).to.equal("PROTOCOL_NO_ASSIGNMENTS");
    expect(code(() => assignmentTree([assignment(1)]).open([1]))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });
});
