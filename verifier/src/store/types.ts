import type { CourtProof } from "@surety/sdk";
import type { Address, Hex } from "viem";

/** 0 probe, 1 re-run, 2 redraw (docs/protocol.md section 3). */
export type Role = 0 | 1 | 2;

/** Names one assignment: a verifier holds at most one seat of a committee. */
export type Key = { epoch: bigint; provider: Address; modelId: Hex; role: Role };

/**
 * The last step that an assignment has behind it, left to right:
 * planned (mine) -> evidence (probes are over, or leaves are in hand) -> rerun (own results computed) -> committed (seen
 * on chain) -> compared (report final) -> revealed (seen on chain) -> done (settled). `missed` is the other end.
 */
export type State = "planned" | "evidence" | "rerun" | "committed" | "compared" | "revealed" | "done" | "missed";

export const STATES: readonly State[] = [
  "planned",
  "evidence",
  "rerun",
  "committed",
  "compared",
  "revealed",
  "done",
  "missed",
];

/** One unit of work. */
export type Assignment = Key & {
  seat: number;
  state: State;
  /** Chain facts that the work rests on, as JSON: if they change before the commitment, the work starts again. */
  basis: string;
  /** Why it was missed, or is an abstention, as a code; null otherwise. */
  reason: string | null;
  /** What the reason says in words, for people. */
  detail: string | null;
  /** Final report; of a probe known at `rerun`, of a re-run at `compared`. */
  report: bigint | null;
  /** Root of own results; known at `rerun`. */
  dataRoot: Hex | null;
  /** Private until revealed; drawn when it is put into a commitment. */
  salt: Hex | null;
  /** Whether the epoch's commitment contains it. */
  included: boolean;
};

/** Whether an assignment is attested to by a report that judges nothing: no duty is missed, and nothing is earned. */
export const abstains = ({ reason, state }: Pick<Assignment, "reason" | "state">): boolean =>
  reason !== null && state !== "missed";

/** How a probe stands. A `sent` one found at start was in flight when the process died: it counts as not sent. */
export type ProbeState = "planned" | "sent" | "answered" | "failed" | "lost";

/** One probe of a probe assignment. */
export type Probe = {
  epoch: bigint;
  provider: Address;
  modelId: Hex;
  /** 0 to n_p - 1. */
  i: number;
  /** Private time at which it is due, Unix milliseconds. */
  atMs: number;
  /** Slot for which it was drawn, 0 to 23. */
  slot: number;
  peak: boolean;
  state: ProbeState;
  startedMs: number | null;
  elapsedMs: number | null;
  timely: boolean;
  atCapacity: boolean;
  /** Why it failed or was lost, as a code. */
  reason: string | null;
  /** JSON of the receipt, bigints as decimal strings. */
  receipt: string | null;
  signature: Hex | null;
  /** Canonical tensors. */
  inputs: Uint8Array | null;
  outputs: Uint8Array | null;
  /** What the own re-run said of the answer. */
  verdict: string | null;
};

/** One distinct sampled leaf of a re-run assignment. */
export type LeafRow = {
  epoch: bigint;
  provider: Address;
  modelId: Hex;
  index: number;
  /** Units before the leaf. */
  prefix: bigint;
  units: bigint;
  /** `sealed` of the leaf. */
  sealed: Hex;
  /** Canonical tensors, checked against the leaf. */
  inputs: Uint8Array;
  /** Own outputs, canonical tensors; null until re-run, or if the runtime refused. */
  native: Uint8Array | null;
  wasm: Uint8Array | null;
  /** Why a runtime gave nothing. */
  failure: string | null;
  /** Opened outputs, canonical tensors, whose hash the leaf seals. */
  outputs: Uint8Array | null;
  verdict: string | null;
  /** The leaf and its path, as the court takes them. */
  proof: CourtProof | null;
  /** Salt that opened the leaf's seal; known with `outputs`. */
  salt: Hex | null;
};

/** A seat's outputs on the input of its own, canonical tensors; both empty where the model has no such input. */
export type OwnOutputs = { native: Uint8Array; wasm: Uint8Array };
