import { SimpleMerkleTree } from "@openzeppelin/merkle-tree";
import { type Address, encodeAbiParameters, type Hex, keccak256, zeroHash } from "viem";
import { address, bytes32, small, type Uint, uint } from "./check.ts";
import { SuretyError } from "./errors.ts";
import type { Opening } from "./opening.ts";
import { MAX_SAMPLES } from "./sample.ts";

/** One seat's work in an epoch, as its leaf of the verifier's commitment. */
export type Assignment = {
  /** 0 probe, 1 re-run. */
  role: number;
  provider: Address;
  modelId: Hex;
  /** Packed probe report; 0 for a re-run, whose verdicts follow at reveal. */
  report: bigint;
  /** {@link rerunDataRoot} or {@link probeDataRoot}. */
  dataRoot: Hex;
  /** 32 random bytes, without which the leaf could be guessed. */
  salt: Hex;
};

const COMMITMENT = [
  { type: "address" },
  { type: "uint64" },
  { type: "uint8" },
  { type: "address" },
  { type: "bytes32" },
] as const;

/** ABI types of an assignment's leaf. */
export const ASSIGNMENT_LEAF = ["uint8", "address", "bytes32", "uint256", "bytes32", "bytes32"];

type Values = (string | number | bigint)[];

/** Leaf as OpenZeppelin's StandardMerkleTree hashes it, with viem's ABI coder, which is several times faster. */
const hashLeaf = (values: Values, types: readonly string[]): Hex =>
  keccak256(
    keccak256(
      encodeAbiParameters(
        types.map((type) => ({ type })),
        values,
      ),
    ),
  );

/** The tree that StandardMerkleTree makes of these leaves. */
const treeOf = (leaves: Values[], types: readonly string[]) =>
  SimpleMerkleTree.of(
    leaves.map((leaf) => hashLeaf(leaf, types)),
    { sortLeaves: true },
  );

function assignmentValues(a: Assignment): Values {
  const role = small("role", a.role, 3);
  const report = uint("report", a.report, 256);
  if (role !== 0 && report !== 0n) {
    throw new SuretyError(
      "PROTOCOL_BAD_ASSIGNMENT",
      `a re-run commits to report ${report}, needs 0: verdicts follow at reveal`,
    );
  }
  return [
    role,
    address("provider", a.provider),
    bytes32("modelId", a.modelId),
    report,
    bytes32("dataRoot", a.dataRoot),
    bytes32("salt", a.salt),
  ];
}

/** Leaf of an assignment, double-hashed as OpenZeppelin's StandardMerkleTree does. */
export const assignmentLeaf = (a: Assignment): Hex => hashLeaf(assignmentValues(a), ASSIGNMENT_LEAF);

/** The tree over all of a verifier's assignments in an epoch (docs/protocol.md section 5). */
export type AssignmentTree = {
  root: Hex;
  /** Path of the i-th assignment for OpenZeppelin's MerkleProof. */
  proof(i: number): Hex[];
  /** What opens some assignments together, and the order in which they have to stand then. */
  open(indices: readonly number[]): Opening & { order: number[] };
};

/** Makes the tree over a verifier's assignments, at least one. */
export function assignmentTree(assignments: readonly Assignment[]): AssignmentTree {
  if (assignments.length === 0) {
    throw new SuretyError("PROTOCOL_NO_ASSIGNMENTS", "there are no assignments to commit to, needs at least one");
  }
  const tree = treeOf(assignments.map(assignmentValues), ASSIGNMENT_LEAF);
  const leaves = new Map([...tree.entries()].map(([i, leaf]) => [leaf, i]));
  const known = (i: number): number => small("assignment", i, assignments.length - 1);
  return {
    root: tree.root as Hex,
    proof: (i) => tree.getProof(known(i)) as Hex[],
    open(indices) {
      if (indices.length === 0) throw new SuretyError("PROTOCOL_NO_ASSIGNMENTS", "there are no assignments to open");
      const opened = tree.getMultiProof(indices.map(known));
      const order = opened.leaves.map((leaf) => leaves.get(leaf)!);
      // All of them need no flags: each joins two.
      const isWhole = order.length === assignments.length;
      return { order, proof: opened.proof as Hex[], flags: isWhole ? [] : opened.proofFlags };
    },
  };
}

/** `keccak256(abi.encode(hub, epoch, uint8 round, sender, root))`: one per verifier, epoch and round. */
export const commitment = (c: { hub: Address; epoch: Uint; round: number; sender: Address; root: Hex }): Hex =>
  keccak256(
    encodeAbiParameters(COMMITMENT, [
      address("hub", c.hub),
      uint("epoch", c.epoch, 64),
      small("round", c.round, 255),
      address("sender", c.sender),
      bytes32("root", c.root),
    ]),
  );

/** A seat's own outputs on one sample, hashed as tensors. */
export type RerunItem = {
  /** Sample; m is the seat's own input. */
  j: number;
  nativeHash: Hex;
  wasmHash: Hex;
};

/** The tree over a re-run's own outputs. */
export type RerunTree = {
  /** Zero if no inputs came. */
  root: Hex;
  /** Path of a sample's leaf for OpenZeppelin's MerkleProof; undefined if the tree holds no such sample. */
  proof(j: number): Hex[] | undefined;
};

/** The tree over a re-run's own outputs, leaves `(uint8 j, bytes32 nativeHash, bytes32 wasmHash)`. */
export function rerunTree(items: readonly RerunItem[]): RerunTree {
  if (new Set(items.map((item) => item.j)).size !== items.length) {
    throw new SuretyError("PROTOCOL_BAD_ASSIGNMENT", "two outputs are given for one sample, needs one each");
  }
  if (items.length === 0) return { root: zeroHash, proof: () => undefined };
  const leaves = items.map(
    (item): Values => [
      small("sample", item.j, MAX_SAMPLES),
      bytes32("nativeHash", item.nativeHash),
      bytes32("wasmHash", item.wasmHash),
    ],
  );
  const tree = treeOf(leaves, ["uint8", "bytes32", "bytes32"]);
  const at = new Map(items.map((item, i) => [item.j, i]));
  return {
    root: tree.root as Hex,
    proof: (j) => {
      const i = at.get(j);
      return i === undefined ? undefined : (tree.getProof(i) as Hex[]);
    },
  };
}

/** Root over a re-run's own outputs; zero if no inputs came. */
export const rerunDataRoot = (items: readonly RerunItem[]): Hex => rerunTree(items).root;

/** The tree over a probe seat's receipts. */
export type ProbeTree = {
  /** Zero if there are none. */
  root: Hex;
  /** Path of receipt number i for OpenZeppelin's MerkleProof; undefined if the tree holds no such receipt. */
  proof(i: number): Hex[] | undefined;
};

const PROBE_LEAF = ["uint16", "bytes32"];

/** Leaf of a probe seat's receipt number `i`, by its struct hash. */
export const probeLeaf = (i: number, receiptStructHash: Hex): Hex =>
  hashLeaf([small("probe", i, 65_535), bytes32("receipt", receiptStructHash)], PROBE_LEAF);

/**
 * The tree over the receipts of a probe seat in the order of its probes, leaves `(uint16 i, bytes32 receiptStructHash)`.
 * @throws SuretyError PROTOCOL_BAD_ASSIGNMENT if a receipt comes twice: that is a fault
 */
export function probeTree(receiptStructHashes: readonly Hex[]): ProbeTree {
  if (new Set(receiptStructHashes).size !== receiptStructHashes.length) {
    throw new SuretyError("PROTOCOL_BAD_ASSIGNMENT", "one receipt is given for two probes, needs one each");
  }
  if (receiptStructHashes.length === 0) return { root: zeroHash, proof: () => undefined };
  const leaves = receiptStructHashes.map((hash, i): Values => [small("probe", i, 65_535), bytes32("receipt", hash)]);
  const tree = treeOf(leaves, PROBE_LEAF);
  return { root: tree.root as Hex, proof: (i) => (leaves[i] ? (tree.getProof(i) as Hex[]) : undefined) };
}

/** Root over the receipts of a probe seat; zero if there are none. */
export const probeDataRoot = (receiptStructHashes: readonly Hex[]): Hex => probeTree(receiptStructHashes).root;
