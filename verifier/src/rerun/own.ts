import {
  decodeTensors,
  encodeTensors,
  type ModelManifest,
  type OwnDraw,
  ownDraw,
  ownInput,
  SuretyError,
  type Tensor,
} from "@surety/protocol";
import type { Hex } from "viem";
import type { Rerunner } from "../ports.ts";
import type { RerunBasis } from "../samples.ts";
import type { Assignment, OwnOutputs } from "../store/types.ts";

/** Canonical tensors of the two leaves that an own input is mixed from. */
export type MixedFrom = { i: Uint8Array; k: Uint8Array };

const NONE: OwnOutputs = { native: new Uint8Array(), wasm: new Uint8Array() };

/** What a seat's own input is mixed from. */
export const drawOf = (
  { provider, modelId, role, seat }: Pick<Assignment, "provider" | "modelId" | "seat"> & { role: number },
  { seed, m }: Pick<RerunBasis, "seed" | "m">,
): OwnDraw => ownDraw({ seed, provider, modelId, role, seat }, m);

/** A seat's own input; null if there is none: no float input, or leaves of different shapes, which cannot be mixed. */
export function mixedInput(manifest: ModelManifest, { i, k }: MixedFrom, w: number): Tensor[] | null {
  try {
    return ownInput(manifest, decodeTensors(i), decodeTensors(k), w);
  } catch (error) {
    if (error instanceof SuretyError && error.code === "PROTOCOL_WRONG_SHAPE") return null;
    throw error;
  }
}

/** Codes by which a runtime refuses an input for what it is; whatever else fails may work for others. */
const REFUSALS = ["INFERENCE_RUN_FAILED", "INFERENCE_BAD_INPUT"];

const isRefusal = (result: Tensor[] | Error | undefined): boolean =>
  result instanceof SuretyError && REFUSALS.includes(result.code);

/**
 * Runs a seat's own input (docs/protocol.md section 3, "Blind re-execution"). Where there is none, both outputs are empty;
 * and where both runtimes refuse it: a mix of two good inputs need not be one, and a seat that committed to nothing could
 * show nothing.
 * @returns an error if it could not be run
 */
export async function runOwn(
  run: { modelId: Hex; manifest: ModelManifest; rerunner: Rerunner },
  from: MixedFrom,
  w: number,
): Promise<OwnOutputs | Error> {
  const { modelId, manifest, rerunner } = run;
  const input = mixedInput(manifest, from, w);
  if (input === null) return NONE;
  const [[native], [wasm]] = await Promise.all([rerunner.native(modelId, [input]), rerunner.wasm(modelId, [input])]);
  if (isRefusal(native) && isRefusal(wasm)) return NONE;
  if (!native || native instanceof Error) return native ?? new Error("the native run gave nothing");
  if (!wasm || wasm instanceof Error) return wasm ?? new Error("the WASM run gave nothing");
  return { native: encodeTensors(native), wasm: encodeTensors(wasm) };
}
