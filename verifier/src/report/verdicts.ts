import { createHash } from "node:crypto";
import {
  compare,
  decodeTensors,
  inDomain,
  packRerunReport,
  type SampleVerdict,
  SuretyError,
  sealOutput,
} from "@surety/protocol";
import type { Hex } from "viem";
import type { Model } from "../ports.ts";
import { leafOfSamples } from "../samples.ts";
import type { LeafRow } from "../store/types.ts";

/** A verdict on one leaf, and why. */
export type LeafVerdict = { verdict: SampleVerdict; reason: string };

/**
 * Whether opened outputs are those that a leaf seals: `sealed = keccak256(abi.encode(leafSalt, outputHash))`, and the bytes
 * are canonical tensors. Returns why not, as a code, or null.
 */
export function openingProblem(outputs: Uint8Array, salt: Hex, sealed: Hex): string | null {
  const hash: Hex = `0x${createHash("sha256").update(outputs).digest("hex")}`;
  if (sealOutput(salt, hash) !== sealed) return "OPENING_SEAL";
  try {
    decodeTensors(outputs);
    return null;
  } catch (error) {
    if (error instanceof SuretyError) return error.code;
    throw error;
  }
}

/** Judges one leaf by its stored evidence (docs/protocol.md section 6). Without a usable own result nothing is known: grey. */
export function judgeLeaf(leaf: LeafRow, model: Model): LeafVerdict {
  if (!leaf.outputs) return { verdict: "not-opened", reason: "the outputs were not opened" };
  if (!leaf.native || !leaf.wasm) return { verdict: "grey", reason: leaf.failure ?? "not re-run in time" };
  try {
    return compare({
      claim: decodeTensors(leaf.outputs),
      native: decodeTensors(leaf.native),
      wasm: decodeTensors(leaf.wasm),
      profile: model.profile,
      inDomain: inDomain(model.manifest, decodeTensors(leaf.inputs)),
    });
  } catch (error) {
    if (error instanceof SuretyError) return { verdict: "grey", reason: error.message };
    throw error;
  }
}

/** Packs verdicts on leaves into the report of a re-run seat; a sample whose leaf never came was not opened. */
export function packVerdicts(positions: readonly bigint[], judged: readonly (LeafRow & LeafVerdict)[]): bigint {
  const verdicts = leafOfSamples(positions, judged).map((leaf): SampleVerdict => leaf?.verdict ?? "not-opened");
  return packRerunReport({ n: positions.length, verdicts, panel: 0 });
}

/** All leaves with their verdicts, from the stored evidence alone. */
export const judgeAll = (leaves: readonly LeafRow[], model: Model): (LeafRow & LeafVerdict)[] =>
  leaves.map((leaf) => ({ ...leaf, ...judgeLeaf(leaf, model) }));
