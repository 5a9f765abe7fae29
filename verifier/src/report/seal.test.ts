import { SimpleMerkleTree } from "@openzeppelin/merkle-tree";
import { assignmentLeaf, assignmentTree, commitment, ROLE_PROBE, ROLE_RERUN } from "@surety/protocol";
import { expect } from "chai";
import type { Address, Hex } from "viem";
import type { Assignment } from "../store/types.ts";
import { refusal } from "../testing/refusal.ts";
import { seededRng } from "../testing/rng.ts";
import { type Committer, fromPayload, journalKey, sameLeaf, seal, sealLeaves, toLeaf, toPayload } from "./seal.ts";

const committer: Committer = {
  chainId: 31337,
  hub: `0x${"a1".repeat(20)}`,
  sender: `0x${"e1".repeat(20)}`,
  epoch: 7n,
  round: 0,
};
const salt: Hex = `0x${"5a".repeat(32)}`;
const other: Hex = `0x${"ee".repeat(32)}`;

const assignment = (over: Partial<Assignment> = {}): Assignment => ({
  epoch: 7n,
  provider: `0x${"d1".repeat(20)}`,
  modelId: `0x${"11".repeat(32)}`,
  role: ROLE_PROBE,
  seat: 2,
  state: "rerun",
  basis: "{}",
  reason: null,
  detail: null,
  report: 2n ** 80n + 7n,
  dataRoot: `0x${"da".repeat(32)}`,
  salt: null,
  included: false,
  ...over,
});
const rerun = assignment({ role: ROLE_RERUN, report: null });
const ready = [assignment(), rerun, assignment({ provider: `0x${"d2".repeat(20)}` as Address })];

describe("seal", () => {
  it("puts all assignments in their order under one commitment of this sender, epoch and round", () => {
    const sealed = seal(ready, committer, seededRng("seal"));
    expect(sealed.leaves.map((leaf) => [leaf.role, leaf.provider])).to.deep.equal(
      ready.map((a) => [a.role, a.provider]),
    );
    expect(sealed.root).to.equal(assignmentTree(sealed.leaves).root);
    const { hub, sender, epoch } = committer;
    expect(sealed.hash).to.equal(commitment({ hub, epoch, round: 0, sender, root: sealed.root }));
  });

  it("opens every leaf by a path to the root", () => {
    const { root, leaves } = seal(ready, committer, seededRng("seal"));
    const { proof } = assignmentTree(leaves);
    for (const [i, leaf] of leaves.entries()) {
      expect(SimpleMerkleTree.verify(root, assignmentLeaf(leaf), proof(i))).to.equal(true);
      expect(SimpleMerkleTree.verify(root, assignmentLeaf({ ...leaf, salt: other }), proof(i))).to.equal(false);
    }
  });

  it("draws a salt of its own for each leaf and each commitment", () => {
    const rng = seededRng("seal");
    const first = seal(ready, committer, rng);
    const second = seal(ready, committer, rng);
    const salts = [...first.leaves, ...second.leaves].map((leaf) => leaf.salt);
    expect(new Set(salts).size).to.equal(2 * ready.length);
    for (const drawn of salts) expect(drawn).to.match(/^0x[0-9a-f]{64}$/);
    expect(second.hash).not.to.equal(first.hash);
  });

  it("hides a re-run's verdicts, and commits to a probe's report", () => {
    expect(toLeaf({ ...rerun, report: 5n }, salt).report).to.equal(0n);
    expect(toLeaf(assignment(), salt).report).to.equal(assignment().report);
  });

  it("binds hub, sender, epoch and round", () => {
    const { leaves, hash } = seal(ready, committer, seededRng("seal"));
    const others: Partial<Committer>[] = [
      { hub: `0x${"a2".repeat(20)}` },
      { sender: `0x${"e2".repeat(20)}` },
      { epoch: 8n },
      { round: 1 },
    ];
    for (const change of others) expect(sealLeaves(leaves, { ...committer, ...change }).hash).not.to.equal(hash);
  });

  it("refuses to commit to nothing", () => {
    expect(refusal(() => seal([], committer, seededRng("seal")))).to.equal("PROTOCOL_NO_ASSIGNMENTS");
  });
});

describe("payload of a commitment", () => {
  it("gives back the same leaves, root and hash", () => {
    const sealed = seal(ready, committer, seededRng("payload"));
    expect(fromPayload(toPayload(sealed), committer)).to.deep.equal(sealed);
  });

  it("gives another hash if anything in it was changed", () => {
    const sealed = seal(ready, committer, seededRng("payload"));
    const touched = toPayload(sealed).replace(sealed.leaves[0]!.salt, other);
    expect(fromPayload(touched, committer).hash).not.to.equal(sealed.hash);
  });
});

describe("journalKey", () => {
  it("is one for an epoch's round of one signer on one hub and chain", () => {
    const key = JSON.stringify(journalKey(committer));
    expect(JSON.stringify(journalKey({ ...committer }))).to.equal(key);
    const others: Partial<Committer>[] = [
      { chainId: 1 },
      { hub: `0x${"a2".repeat(20)}` },
      { sender: `0x${"e2".repeat(20)}` },
      { epoch: 8n },
      { round: 1 },
    ];
    for (const change of others) expect(JSON.stringify(journalKey({ ...committer, ...change }))).not.to.equal(key);
  });
});

describe("sameLeaf", () => {
  it("holds while the assignment has the result that was committed", () => {
    for (const a of ready) expect(sameLeaf(toLeaf(a, salt), a)).to.equal(true);
    const changes: Partial<Assignment>[] = [
      { report: 8n },
      { dataRoot: other },
      { modelId: other },
      { provider: `0x${"d3".repeat(20)}` },
      { role: ROLE_RERUN },
    ];
    for (const change of changes) {
      expect(sameLeaf(toLeaf(assignment(), salt), assignment(change)), Object.keys(change).join()).to.equal(false);
    }
  });

  it("holds for a re-run whatever its verdicts turn out to be", () => {
    expect(sameLeaf(toLeaf(rerun, salt), { ...rerun, report: 9n })).to.equal(true);
  });
});
