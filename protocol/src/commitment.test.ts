import { expect } from "chai";
import { AbiCoder, concat, keccak256 as ethersKeccak } from "ethers";
import { type Hex, zeroHash } from "viem";
import {
  ASSIGNMENT_LEAF,
  type Assignment,
  assignmentLeaf,
  assignmentTree,
  commitment,
  probeDataRoot,
  probeLeaf,
  probeTree,
  rerunDataRoot,
} from "./commitment.ts";
import { code } from "./testing/refusal.ts";
import { account, hash } from "./testing/samples.ts";

const abi = AbiCoder.defaultAbiCoder();
const twice = (types: string[], values: unknown[]): string => ethersKeccak(ethersKeccak(abi.encode(types, values)));
const pair = (a: string, b: string): string => ethersKeccak(concat(a < b ? [a, b] : [b, a]));

/** OpenZeppelin's MerkleProof.processProof. */
const climb = (leaf: string, proof: Hex[]): string => proof.reduce(pair, leaf);

const assignment = (n: number, over: Partial<Assignment> = {}): Assignment => ({
  role: 0,
  provider: account(n),
  modelId: hash(n + 1),
  report: BigInt(n) << 90n,
  dataRoot: hash(n + 2),
  salt: hash(n + 3),
  ...over,
});

describe("commitment", () => {
  it("covers hub, epoch, round, sender and root", () => {
    const c = { hub: account(1), epoch: 9n, round: 0, sender: account(2), root: hash(3) };
    const types = ["address", "uint64", "uint8", "address", "bytes32"];
    expect(commitment(c)).to.equal(ethersKeccak(abi.encode(types, [account(1), 9, 0, account(2), hash(3)])));
    expect(commitment({ ...c, round: 1 })).to.not.equal(commitment(c));
    expect(commitment({ ...c, sender: account(3) })).to.not.equal(commitment(c));
  });

  it("proves each assignment as OpenZeppelin's MerkleProof checks it", () => {
    for (const count of [1, 2, 3, 5, 8]) {
      const all = Array.from({ length: count }, (_, i) =>
        i % 2 === 0 ? assignment(10 * i) : assignment(10 * i, { role: 1, report: 0n }),
      );
      const tree = assignmentTree(all);
      for (const [i, a] of all.entries()) {
        const leaf = twice(ASSIGNMENT_LEAF, [a.role, a.provider, a.modelId, a.report, a.dataRoot, a.salt]);
        expect(assignmentLeaf(a)).to.equal(leaf);
        expect(climb(leaf, tree.proof(i))).to.equal(tree.root);
      }
    }
  });

  it("hides an assignment behind its salt", () => {
    expect(assignmentLeaf(assignment(1))).to.not.equal(assignmentLeaf(assignment(1, { salt: hash(99) })));
  });

  it("has data roots over own outputs and over receipts", () => {
    const items = [0, 1].map((j) => ({ j, nativeHash: hash(j + 5), wasmHash: hash(j + 7) }));
    const leaves = items.map((i) => twice(["uint8", "bytes32", "bytes32"], [i.j, i.nativeHash, i.wasmHash]));
    expect(rerunDataRoot(items)).to.equal(pair(leaves[0]!, leaves[1]!));
    expect(rerunDataRoot([...items].reverse())).to.equal(rerunDataRoot(items));
    expect(probeDataRoot([hash(4)])).to.equal(twice(["uint16", "bytes32"], [0, hash(4)]));
    expect(probeDataRoot([hash(4), hash(5)])).to.not.equal(probeDataRoot([hash(5), hash(4)]));
    expect([rerunDataRoot([]), probeDataRoot([])]).to.deep.equal([zeroHash, zeroHash]);
  });

  it("proves each receipt of a probe seat with its number, and no other", () => {
    const hashes = Array.from({ length: 22 }, (_, i) => hash(i + 40));
    const tree = probeTree(hashes);
    expect(tree.root).to.equal(probeDataRoot(hashes));
    for (const [i, one] of hashes.entries()) {
      expect(probeLeaf(i, one)).to.equal(twice(["uint16", "bytes32"], [i, one]));
      expect(climb(probeLeaf(i, one), tree.proof(i)!)).to.equal(tree.root);
    }
    expect([tree.proof(22), probeTree([]).proof(0)]).to.deep.equal([undefined, undefined]);
  });

  it("refuses what is malformed", () => {
    expect(code(() => assignmentTree([]))).to.equal("PROTOCOL_NO_ASSIGNMENTS");
    expect(code(() => assignmentTree([assignment(1)]).proof(1))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => assignmentLeaf(assignment(1, { role: 1 })))).to.equal("PROTOCOL_BAD_ASSIGNMENT");
    expect(code(() => assignmentLeaf(assignment(1, { role: 4 })))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => assignmentLeaf(assignment(1, { salt: "0x" })))).to.equal("PROTOCOL_BAD_BYTES32");
    const item = { j: 1, nativeHash: hash(1), wasmHash: hash(1) };
    expect(code(() => rerunDataRoot([item, item]))).to.equal("PROTOCOL_BAD_ASSIGNMENT");
    expect(code(() => rerunDataRoot([{ ...item, j: 49 }]))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => probeDataRoot(["0x12"]))).to.equal("PROTOCOL_BAD_BYTES32");
    expect(code(() => probeDataRoot([hash(1), hash(2), hash(1)]))).to.equal("PROTOCOL_BAD_ASSIGNMENT");
    const c = { hub: account(1), epoch: 9n, round: 0, sender: account(2), root: hash(3) };
    expect(code(() => commitment({ ...c, hub: "0x" }))).to.equal("PROTOCOL_BAD_ADDRESS");
    expect(code(() => commitment({ ...c, round: 256 }))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });
});
