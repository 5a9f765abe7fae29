import {
  type LeafFields,
  MAX_DEPTH,
  MAX_OPEN_BYTES,
  MAX_SAMPLES,
  type MerkleSumProof,
  SuretyError,
} from "@surety/protocol";
import type { Address, Hex } from "viem";
import { address, base64, hex, int, list, malformed, record, toBase64, uint64 } from "./strict.ts";

/** A sampled leaf as the provider opens it after the seed: what was asked, with its place in the committed tree. */
export type InputLeaf = {
  /** Index in the tree, equal to `fields.seq`. */
  index: number;
  fields: LeafFields;
  proof: MerkleSumProof;
  /** Canonical bytes of the input tensors; their SHA-256 is `fields.inputHash`. */
  inputs: Uint8Array;
};

/** The same leaf after commits closed: what was answered, and the salt that sealed it. */
export type OutputLeaf = {
  index: number;
  salt: Hex;
  /** Canonical bytes of the output tensors. */
  outputs: Uint8Array;
};

/** An opening of an epoch's DISTINCT sampled leaves, by ascending index. */
export type Opening<Leaf> = { provider: Address; modelId: Hex; epoch: bigint; leaves: Leaf[] };
/** Answer of GET /surety/v1/models/{modelId}/epochs/{epoch}/inputs. */
export type InputsOpening = Opening<InputLeaf>;
/** Answer of GET /surety/v1/models/{modelId}/epochs/{epoch}/outputs. */
export type OutputsOpening = Opening<OutputLeaf>;

const FIELDS = [
  "provider",
  "modelId",
  "epoch",
  "seq",
  "slot",
  "client",
  "inputHash",
  "sealed",
  "units",
  "servedAtMs",
  "latencyMs",
] as const;

const UINT32 = 0xffffffff;

function fieldsOf(path: string, value: unknown): LeafFields {
  const f = record(path, value, FIELDS);
  return {
    provider: address(`${path}.provider`, f.provider),
    modelId: hex(`${path}.modelId`, f.modelId, 32),
    epoch: uint64(`${path}.epoch`, f.epoch),
    seq: int(`${path}.seq`, f.seq, UINT32),
    slot: int(`${path}.slot`, f.slot, 23),
    client: address(`${path}.client`, f.client),
    inputHash: hex(`${path}.inputHash`, f.inputHash, 32),
    sealed: hex(`${path}.sealed`, f.sealed, 32),
    units: int(`${path}.units`, f.units, UINT32),
    servedAtMs: uint64(`${path}.servedAtMs`, f.servedAtMs),
    latencyMs: int(`${path}.latencyMs`, f.latencyMs, UINT32),
  };
}

function proofOf(path: string, value: unknown): MerkleSumProof {
  const p = record(path, value, ["index", "siblings"]);
  return {
    index: int(`${path}.index`, p.index, UINT32),
    siblings: list(`${path}.siblings`, p.siblings, MAX_DEPTH).map((entry, i) => {
      const s = record(`${path}.siblings[${i}]`, entry, ["hash", "sum"]);
      return {
        hash: hex(`${path}.siblings[${i}].hash`, s.hash, 32),
        sum: uint64(`${path}.siblings[${i}].sum`, s.sum),
      };
    }),
  };
}

function inputLeaf(path: string, value: unknown): InputLeaf {
  const leaf = record(path, value, ["index", "fields", "proof", "inputs"]);
  const index = int(`${path}.index`, leaf.index, UINT32);
  const fields = fieldsOf(`${path}.fields`, leaf.fields);
  const proof = proofOf(`${path}.proof`, leaf.proof);
  if (fields.seq !== index) throw malformed(`${path}.fields.seq`, fields.seq, `the leaf's index ${index}`);
  if (proof.index !== index) throw malformed(`${path}.proof.index`, proof.index, `the leaf's index ${index}`);
  return { index, fields, proof, inputs: base64(`${path}.inputs`, leaf.inputs, MAX_OPEN_BYTES) };
}

function outputLeaf(path: string, value: unknown): OutputLeaf {
  const leaf = record(path, value, ["index", "salt", "outputs"]);
  return {
    index: int(`${path}.index`, leaf.index, UINT32),
    salt: hex(`${path}.salt`, leaf.salt, 32),
    outputs: base64(`${path}.outputs`, leaf.outputs, MAX_OPEN_BYTES),
  };
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SuretyError("SDK_MALFORMED", "the opening is no JSON", { cause });
  }
}

/** What an opening must be about. */
export type OpeningSubject = { provider: Address; modelId: Hex; epoch: bigint };

function parseOpening<Leaf extends { index: number }>(
  text: string,
  subject: OpeningSubject,
  leaf: (path: string, value: unknown) => Leaf,
): Opening<Leaf> {
  const body = record("opening", parseText(text), ["provider", "modelId", "epoch", "leaves"]);
  const provider = address("opening.provider", body.provider);
  const modelId = hex("opening.modelId", body.modelId, 32);
  const epoch = uint64("opening.epoch", body.epoch);
  if (provider !== subject.provider.toLowerCase()) throw malformed("opening.provider", provider, subject.provider);
  if (modelId !== subject.modelId.toLowerCase()) throw malformed("opening.modelId", modelId, subject.modelId);
  if (epoch !== subject.epoch) throw malformed("opening.epoch", epoch, String(subject.epoch));
  const leaves = list("opening.leaves", body.leaves, MAX_SAMPLES).map((v, i) => leaf(`opening.leaves[${i}]`, v));
  leaves.forEach((l, i) => {
    if (i > 0 && l.index <= leaves[i - 1]!.index) {
      throw malformed(`opening.leaves[${i}].index`, l.index, "distinct leaves by ascending index");
    }
  });
  return { provider, modelId, epoch, leaves };
}

/**
 * Reads an opening of inputs. Neither the proofs nor the hash of the inputs are checked here, only the form, and that it
 * is about `subject`.
 * @throws SuretyError SDK_MALFORMED, naming the field and what was expected there
 */
export function parseInputsOpening(text: string, subject: OpeningSubject): InputsOpening {
  const opening = parseOpening(text, subject, inputLeaf);
  opening.leaves.forEach(({ fields }, i) => {
    const same =
      fields.provider === opening.provider && fields.modelId === opening.modelId && fields.epoch === opening.epoch;
    if (!same)
      throw malformed(`opening.leaves[${i}].fields`, "another log's", "provider, modelId and epoch of the opening");
  });
  return opening;
}

/** Reads an opening of outputs; as {@link parseInputsOpening}. */
export const parseOutputsOpening = (text: string, subject: OpeningSubject): OutputsOpening =>
  parseOpening(text, subject, outputLeaf);

/** Writes either opening: bigints as decimal strings, bytes as base64. */
export const encodeOpening = (opening: InputsOpening | OutputsOpening): string =>
  JSON.stringify(opening, (_, value) => {
    if (typeof value === "bigint") return value.toString();
    return value instanceof Uint8Array ? toBase64(value) : value;
  });
