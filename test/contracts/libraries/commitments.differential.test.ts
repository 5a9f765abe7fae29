import {
  type Assignment,
  assignmentLeaf,
  assignmentTree,
  commitment,
  openedPaths,
  probeDataRoot,
  ROLE_PROBE,
  rerunDataRoot,
} from "@surety/protocol";
import { assert } from "chai";
import fc from "fast-check";
import { address, bytes32, call, runs, uint } from "./harness.ts";

const assignment = fc
  .record({
    role: fc.integer({ min: 0, max: 2 }),
    provider: address,
    modelId: bytes32,
    report: uint(256),
    dataRoot: bytes32,
    salt: bytes32,
  })
  .map((a): Assignment => ({ ...a, report: a.role === ROLE_PROBE ? a.report : 0n }));

const leafArgs = (a: Assignment) => [a.role, a.provider, a.modelId, a.report, a.dataRoot, a.salt] as const;

describe("Commitments against its twin", () => {
  it("commits alike", async () => {
    const input = fc.record({
      hub: address,
      epoch: uint(64),
      round: fc.integer({ min: 0, max: 1 }),
      sender: address,
      root: bytes32,
    });
    const property = fc.asyncProperty(input, async (c) => {
      assert.equal(await call("commitment", c.hub, c.epoch, c.round, c.sender, c.root), commitment(c));
    });
    await fc.assert(property, runs(100));
  });

  it("finds every assignment under the verifier's root, and nothing else", async () => {
    const list = fc.array(assignment, { minLength: 1, maxLength: 12, size: "max" });
    const property = fc.asyncProperty(list, fc.nat(), bytes32, async (assignments, at, salt) => {
      const tree = assignmentTree(assignments);
      const i = at % assignments.length;
      const leaf = await call("assignmentLeaf", ...leafArgs(assignments[i]!));
      assert.equal(leaf, assignmentLeaf(assignments[i]!));
      assert.isTrue(await call("verifyLeaf", tree.proof(i), tree.root, leaf));
      const other = await call("assignmentLeaf", ...leafArgs({ ...assignments[i]!, salt }));
      assert.isFalse(await call("verifyLeaf", tree.proof(i), tree.root, other));
    });
    await fc.assert(property, runs(80));
  });

  it("opens any assignments together, and follows each to the root alone", async () => {
    const list = fc.array(assignment, { minLength: 1, maxLength: 12, size: "max" });
    const property = fc.asyncProperty(list, fc.infiniteStream(fc.boolean()), async (assignments, choices) => {
      const tree = assignmentTree(assignments);
      const chosen = [...assignments.keys()].filter(() => choices.next().value);
      const { order, proof, flags } = tree.open(chosen.length > 0 ? chosen : [0]);
      const leaves = order.map((i) => assignmentLeaf(assignments[i]!));
      const isWhole = order.length === assignments.length;
      const root = await (isWhole ? call("wholeRoot", leaves) : call("openedRoot", proof, flags, leaves));
      assert.equal(root, tree.root);
      const paths = openedPaths(leaves, { proof, flags });
      for (const [at, path] of paths.entries()) assert.isTrue(await call("verifyLeaf", path, tree.root, leaves[at]!));
    });
    await fc.assert(property, runs(80));
  });

  it("hashes evidence alike: a tree of one leaf is its leaf", async () => {
    const property = fc.asyncProperty(
      fc.integer({ min: 0, max: 48 }),
      bytes32,
      bytes32,
      async (j, nativeHash, wasmHash) => {
        assert.equal(await call("rerunLeaf", j, nativeHash, wasmHash), rerunDataRoot([{ j, nativeHash, wasmHash }]));
        assert.equal(await call("probeLeaf", 0, nativeHash), probeDataRoot([nativeHash]));
      },
    );
    await fc.assert(property, runs(80));
  });

  it("numbers the receipts of a probe alike", async () => {
    const property = fc.asyncProperty(bytes32, bytes32, async (first, second) => {
      const [a, b]: [string, string] = [await call("probeLeaf", 0, first), await call("probeLeaf", 1, second)];
      assert.isTrue(await call("verifyLeaf", [b], probeDataRoot([first, second]), a));
      assert.isTrue(await call("verifyLeaf", [a], probeDataRoot([first, second]), b));
    });
    await fc.assert(property, runs(40));
  });
});
