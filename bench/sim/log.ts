import {
  buildMerkleSum,
  type LeafFields,
  leafHash,
  leafSalt,
  type MerkleSum,
  packSlots,
  type SampleVerdict,
  SLOTS,
  sealOutput,
  unpackSlots,
} from "@surety/protocol";
import { type Address, concatHex, type Hex, sha256, zeroAddress } from "viem";
import { bytesOf, chanceOf } from "./chance.ts";
import type { ProviderConduct } from "./conduct.ts";
import { TERMS } from "./terms.ts";

/** Canonical outputs of one run. */
export type Outputs = { native: Hex; wasm: Hex };

/** One served inference with what only the provider, or who re-runs it, knows. */
export type Leaf = {
  fields: LeafFields;
  salt: Hex;
  inputs: Hex;
  /** What the provider answered. */
  outputs: Hex;
  /** What a run of the promised model gives. */
  honest: Outputs;
  /** What the provider would leak: the runs behind its answer. */
  leaked: Outputs;
  /** What a seat that runs it finds. */
  finding: SampleVerdict;
};

/** A provider's epoch. */
export type EpochLog = {
  epoch: bigint;
  leaves: Leaf[];
  tree: MerkleSum;
  slots: bigint;
  shares: readonly number[];
  /** Units that users pay for. */
  paid: number;
  /** What serving them cost in compute, tokens. */
  compute: number;
};

/** Demand of each slot, a share of all. */
const demand = Array.from({ length: SLOTS }, (_, slot) => {
  const { peakSlots, peakShare } = TERMS;
  return peakSlots.includes(slot) ? peakShare : (1 - peakShare * peakSlots.length) / (SLOTS - peakSlots.length);
});

/** Slot of request `i` of `count`: requests are dealt out along the cumulated demand. */
function slotOf(i: number, count: number): number {
  let cumulated = 0;
  for (let slot = 0; slot < SLOTS; slot++) {
    cumulated += demand[slot]!;
    if ((i + 0.5) / count < cumulated) return slot;
  }
  return SLOTS - 1;
}

/** What a run gives: native and WASM differ in their last bits, but not where a model is exact. */
export const run = (inputs: Hex, seed: number, exact: boolean): Outputs => {
  const native = bytesOf(seed, "outputs", inputs);
  return { native, wasm: exact ? native : concatHex([native, "0x01"]) };
};

/** What a seat finds of a cheap answer: its deviation is the answer's own, so every seat finds the same. */
function findingOf(seed: number, inputs: Hex, exact: boolean): SampleVerdict {
  if (exact) return "mismatch";
  const { mismatch, grey } = TERMS.power;
  const drawn = chanceOf(seed, "power", inputs);
  return drawn < mismatch ? "mismatch" : drawn < mismatch + grey ? "grey" : "match";
}

/** What a log is made of. */
export type Served = {
  seed: number;
  provider: Address;
  /** Its number, which decides what chance gives it. */
  number: number;
  modelId: Hex;
  epoch: bigint;
  /** Requests of users. */
  requests: number;
  conduct: ProviderConduct;
  exact: boolean;
};

const served = new Map<string, EpochLog>();

/**
 * Serves an epoch: answers, seals, and puts them into the tree. What is served alike in several worlds is made once: hashing
 * leaves is most of the work of a world.
 */
export function serve(what: Served): EpochLog {
  const { seed, provider, modelId, epoch, requests, exact } = what;
  const { cheap, padding } = what.conduct;
  const key = [seed, provider, modelId, epoch, requests, exact, cheap, padding].join();
  const log = served.get(key) ?? answer(what);
  served.set(key, log);
  return log;
}

function answer({ seed, provider, number, modelId, epoch, requests, conduct, exact }: Served): EpochLog {
  const key = bytesOf(seed, "epoch key", number, epoch);
  const padding = requests === 0 ? 0 : conduct.padding;
  const counts = new Array<number>(SLOTS).fill(0);
  let compute = padding > 0 ? TERMS.inferenceCost : 0;
  const leaves = Array.from({ length: requests + padding }, (_, seq): Leaf => {
    const padded = seq >= requests;
    const inputs = padded ? bytesOf(seed, "padding", number) : bytesOf(seed, "inputs", number, epoch, seq);
    const cheap = !padded && chanceOf(seed, "cheap", number, epoch, seq) < conduct.cheap;
    if (!padded) compute += cheap ? TERMS.cheapCost : TERMS.inferenceCost;
    const slot = padded ? seq % SLOTS : slotOf(seq, requests);
    counts[slot]!++;
    const honest = run(inputs, seed, exact);
    const finding = cheap ? findingOf(seed, inputs, exact) : "match";
    const outputs = cheap ? bytesOf(seed, "cheap outputs", inputs) : honest.native;
    const leaked = cheap ? { native: outputs, wasm: outputs } : honest;
    const salt = leafSalt(key, seq);
    const fields: LeafFields = {
      provider,
      modelId,
      epoch,
      seq,
      slot,
      client: zeroAddress,
      inputHash: sha256(inputs),
      sealed: sealOutput(salt, sha256(outputs)),
      units: 1,
      servedAtMs: 0n,
      latencyMs: 0,
    };
    return { fields, salt, inputs, outputs, honest, leaked, finding };
  });
  const tree = buildMerkleSum(leaves.map(({ fields }) => ({ hash: leafHash(fields), units: fields.units })));
  const slots = packSlots(counts);
  return { epoch, leaves, tree, slots, shares: unpackSlots(slots), paid: requests, compute };
}

/** A leaf as the court takes it: fields and path. */
export function proofOf(log: EpochLog, seq: number) {
  const { sealed, ...rest } = log.leaves[seq]!.fields;
  return { leaf: { ...rest, sealedOutput: sealed }, path: log.tree.proof(seq).siblings };
}

/** What a leaf hides, as the court takes it. */
export function openingOf(log: EpochLog, seq: number) {
  const { salt, inputs, outputs } = log.leaves[seq]!;
  return { salt, inputs, outputs };
}
