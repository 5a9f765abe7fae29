import { compare, decodeTensors, encodeTensors, inDomain, SuretyError, type Tensor, type Vote } from "@surety/protocol";
import { type Hex, zeroHash } from "viem";
import type { Model, Rerunner } from "../ports.ts";
import { sha256 } from "../rerun/data-root.ts";
import type { OpenedTensors } from "./reads.ts";

/** A vote, the hash of the own native outputs it comes from (zero if there are none), and why. */
export type Judged = { vote: Vote; outputHash: Hex; reason: string };

const VOTES = { match: "acquit", mismatch: "convict", grey: "unknown" } as const;

/** The vote of who cannot judge. */
export const unknown = (reason: string): Judged => ({ vote: "unknown", outputHash: zeroHash, reason });

/** Canonical tensors, or null where the bytes are none. */
function read(bytes: Uint8Array): Tensor[] | null {
  try {
    return decodeTensors(bytes);
  } catch (error) {
    if (error instanceof SuretyError) return null;
    throw error;
  }
}

/**
 * What a juror finds about an opened leaf: the model is run natively and in WASM on its inputs and judged as re-runs are
 * (docs/protocol.md section 6). Outputs that are no tensors lack every output, which is wrong in kind; nobody can run
 * inputs that are none.
 */
export async function judgeOpened(
  { inputs, outputs }: OpenedTensors,
  { modelId, model, rerunner }: { modelId: Hex; model: Model; rerunner: Rerunner },
): Promise<Judged> {
  const given = read(inputs);
  if (given === null) return unknown("the inputs are no tensors");
  const [[native], [wasm]] = await Promise.all([rerunner.native(modelId, [given]), rerunner.wasm(modelId, [given])]);
  if (!native || native instanceof Error) return unknown(`the native run gave nothing: ${native?.message}`);
  if (!wasm || wasm instanceof Error) return unknown(`the WASM run gave nothing: ${wasm?.message}`);
  const outputHash = sha256(encodeTensors(native));
  try {
    const claim = read(outputs) ?? [];
    const { manifest, profile } = model;
    const { verdict, reason } = compare({ claim, native, wasm, profile, inDomain: inDomain(manifest, given) });
    return { vote: VOTES[verdict], outputHash, reason };
  } catch (error) {
    if (error instanceof SuretyError) return { vote: "unknown", outputHash, reason: error.message };
    throw error;
  }
}
