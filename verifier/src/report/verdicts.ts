import { createHash } from "node:crypto";
import {
  type Comparison,
  compare,
  decodeTensors,
  inDomain,
  packRerunReport,
  panelDeviations,
  panelTest,
  type RerunReport,
  type SampleVerdict,
  SuretyError,
  sealOutput,
} from "@surety/protocol";
import type { Hex } from "viem";
import type { Model } from "../ports.ts";
import { leafOfSamples } from "../samples.ts";
import type { LeafRow } from "../store/types.ts";

/** A verdict on one leaf, why, and the comparison that it comes from, if there was one. */
export type LeafVerdict = { verdict: SampleVerdict; reason: string; comparison?: Comparison };

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
    const comparison = compare({
      claim: decodeTensors(leaf.outputs),
      native: decodeTensors(leaf.native),
      wasm: decodeTensors(leaf.wasm),
      profile: model.profile,
      inDomain: inDomain(model.manifest, decodeTensors(leaf.inputs)),
    });
    return { verdict: comparison.verdict, reason: comparison.reason, comparison };
  } catch (error) {
    if (error instanceof SuretyError) return { verdict: "grey", reason: error.message };
    throw error;
  }
}

/** A leaf with its verdict. */
export type JudgedLeaf = LeafRow & LeafVerdict;

/** Panel findings as the report packs them. */
const PANEL = { "not-judged": 0, pass: 1, fail: 2 } as const;

/** The panel test over leaves. */
function judgePanel(judged: readonly JudgedLeaf[], { profile }: Model): RerunReport["panel"] {
  if (profile.panel === undefined) return PANEL["not-judged"];
  const samples = judged.flatMap(({ inputs, comparison }) =>
    comparison ? [{ inputHash: createHash("sha256").update(inputs).digest("hex"), comparison }] : [],
  );
  return PANEL[panelTest(panelDeviations(samples), profile.panel).verdict];
}

/**
 * Packs verdicts on leaves into the report of a re-run seat: one per sample, a sample whose leaf never came being not opened,
 * and what the panel test says of the leaves together.
 */
export function packVerdicts(positions: readonly bigint[], judged: readonly JudgedLeaf[], model: Model): bigint {
  const verdicts = leafOfSamples(positions, judged).map((leaf): SampleVerdict => leaf?.verdict ?? "not-opened");
  return packRerunReport({ n: positions.length, verdicts, panel: judgePanel(judged, model) });
}

/** The report of a re-run seat that judges nothing: every sample is grey. */
export const greyReport = (m: number): bigint =>
  packRerunReport({ n: m, verdicts: Array<SampleVerdict>(m).fill("grey"), panel: 0 });

/** All leaves with their verdicts, from the stored evidence alone. */
export const judgeAll = (leaves: readonly LeafRow[], model: Model): JudgedLeaf[] =>
  leaves.map((leaf) => ({ ...leaf, ...judgeLeaf(leaf, model) }));
