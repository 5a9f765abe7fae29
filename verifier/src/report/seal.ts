import type { JournalKey } from "@surety/node-kit";
import { assignmentTree, commitment, type Assignment as Leaf, ROLE_PROBE } from "@surety/protocol";
import { type Address, bytesToHex, type Hex } from "viem";
import type { Round } from "../deadlines.ts";
import type { Rng } from "../ports.ts";
import type { SignedResult, Why } from "../store/assignments.ts";
import type { Assignment } from "../store/types.ts";

/** What one commitment covers: its leaves in a fixed order, with their salts. */
export type Sealed = { root: Hex; hash: Hex; leaves: Leaf[] };

/** Who commits, where, in which round of an epoch. */
export type Committer = { chainId: number; hub: Address; sender: Address; epoch: bigint; round: Round };

/** Where the journal keeps the one commitment of an epoch's round. */
export const journalKey = ({ chainId, hub, sender, epoch, round }: Committer): JournalKey => ({
  chainId,
  contract: hub,
  kind: "commitment",
  key: `epoch ${epoch} round ${round}`,
  signer: sender,
});

/** An assignment as a leaf of the commitment; the report of a re-run is 0, its verdicts follow at reveal. */
export const toLeaf = (a: Assignment, salt: Hex): Leaf => ({
  role: a.role,
  provider: a.provider,
  modelId: a.modelId,
  report: a.role === ROLE_PROBE ? a.report! : 0n,
  dataRoot: a.dataRoot!,
  salt,
});

/** Whether a committed leaf is of this assignment, whatever result it holds. */
export const isLeafOf = (leaf: Leaf, { role, provider, modelId }: Assignment): boolean =>
  leaf.role === role && leaf.provider === provider && leaf.modelId === modelId;

/** Whether a committed leaf is this assignment with the result that it has now. */
export function sameLeaf(leaf: Leaf, a: Assignment): boolean {
  const { report, dataRoot } = toLeaf(a, leaf.salt);
  return isLeafOf(leaf, a) && leaf.report === report && leaf.dataRoot === dataRoot;
}

/**
 * What is left of an assignment whose commitment holds another result than the store: a probe's report as it was signed; of
 * a re-run an abstention, because verdicts must rest on the outputs that were committed to.
 */
export function signedResult({ role, report, dataRoot, salt }: Leaf): { signed: SignedResult; why: Why | null } {
  const detail = "the commitment that was signed holds another result than this store";
  const why = role === ROLE_PROBE && report > 0n ? null : { reason: "OTHER_RESULT_SIGNED", detail };
  return { signed: { report: role === ROLE_PROBE ? report : null, dataRoot, salt }, why };
}

/** Root and hash over leaves that have their salts (docs/protocol.md section 5). */
export function sealLeaves(leaves: Leaf[], { hub, sender, epoch, round }: Committer): Sealed {
  const { root } = assignmentTree(leaves);
  return { root, hash: commitment({ hub, epoch, round, sender, root }), leaves };
}

/** Puts finished assignments under one commitment, each with 32 fresh random bytes of salt. */
export const seal = (ready: readonly Assignment[], committer: Committer, rng: Rng): Sealed =>
  sealLeaves(
    ready.map((a) => toLeaf(a, bytesToHex(rng.bytes(32)))),
    committer,
  );

/** What the journal keeps beside the hash: everything that is needed to send and to open the same commitment again. */
export const toPayload = ({ leaves }: Sealed): string =>
  JSON.stringify(leaves, (_, value) => (typeof value === "bigint" ? value.toString() : value));

/** The inverse of {@link toPayload}. */
export function fromPayload(payload: string, committer: Committer): Sealed {
  const leaves = (JSON.parse(payload) as Leaf[]).map((leaf) => ({ ...leaf, report: BigInt(leaf.report) }));
  return sealLeaves(leaves, committer);
}
