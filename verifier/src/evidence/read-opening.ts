import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { SuretyError } from "@surety/protocol";
import { courtProof, parseInputsOpening } from "@surety/sdk";
import { createMemo } from "../memo.ts";
import type { OpenedLeaf } from "../store/index.ts";
import { checkLeaf, type LeafGround } from "./check-leaf.ts";

/** What an opening turned out to hold. */
export type ReadOpening = {
  /** Leaves of the committed log that samples fall on. */
  leaves: readonly OpenedLeaf[];
  /** Leaves that are not what the log committed to. */
  refused: readonly { index: number; code: string; why: string }[];
};

const memo = createMemo<Promise<ReadOpening>>(32);

async function read(text: string, ground: LeafGround, positions: readonly bigint[]): Promise<ReadOpening> {
  const { provider, modelId, epoch } = ground;
  const leaves: OpenedLeaf[] = [];
  const refused: { index: number; code: string; why: string }[] = [];
  for (const shown of parseInputsOpening(text, ground).leaves) {
    // A leaf costs a millisecond, and probes are being timed in this thread.
    await setImmediate();
    const { index, fields, inputs } = shown;
    try {
      const { prefix, units } = checkLeaf(shown, ground);
      const isSampled = positions.some((p) => prefix <= p && p < prefix + units);
      const proof = courtProof(fields, shown.proof);
      const at = { epoch, provider, modelId, index, prefix, units };
      if (isSampled) leaves.push({ ...at, sealed: fields.sealed, inputs, proof });
    } catch (error) {
      if (!(error instanceof SuretyError)) throw error;
      refused.push({ index, code: error.code, why: error.message });
    }
  }
  return { leaves, refused };
}

/**
 * Reads an opening of inputs: every leaf is checked against the log, and leaves that no sample falls on are passed over.
 * @throws SuretyError SDK_MALFORMED if it is none
 */
export function readOpening(text: string, ground: LeafGround, positions: readonly bigint[]): Promise<ReadOpening> {
  const { manifest: _, ...facts } = ground;
  const about = createHash("sha256").update(text).update(Object.values(facts).join()).update(positions.join());
  return memo(about.digest("hex"), () => read(text, ground, positions));
}
