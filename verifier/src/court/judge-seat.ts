import { encodeTensors } from "@surety/protocol";
import { type Hex, zeroHash } from "viem";
import type { Model, Rerunner } from "../ports.ts";
import { drawOf, mixedInput } from "../rerun/own.ts";
import type { RerunBasis } from "../samples.ts";
import type { OwnOutputs } from "../store/index.ts";
import type { SeatName } from "./demand-ids.ts";
import { type Judged, judgeOpened } from "./vote.ts";

/** The samples whose inputs decide what a seat's outputs at place j should be. */
export function samplesFor(seat: SeatName, basis: RerunBasis, j: number): number[] {
  if (j < basis.m) return [j];
  const { i, k } = drawOf(seat, basis);
  return [i, k];
}

/**
 * The input of a seat at place j: sample j, or after the last the seat's own, mixed from two.
 * @param inputsOf canonical tensors of a sample
 * @returns null if the seat has no own input; undefined if the inputs of a sample are missing
 */
export function inputAt(
  seat: SeatName,
  place: { basis: RerunBasis; j: number; model: Model },
  inputsOf: (sample: number) => Uint8Array | undefined,
): Uint8Array | null | undefined {
  const { basis, j, model } = place;
  if (j < basis.m) return inputsOf(j);
  const draw = drawOf(seat, basis);
  const [i, k] = [inputsOf(draw.i), inputsOf(draw.k)];
  if (!i || !k) return undefined;
  const mixed = mixedInput(model.manifest, { i, k }, draw.w);
  return mixed && encodeTensors(mixed);
}

/**
 * Judges outputs that a seat has shown, each as a provider's are (docs/protocol.md section 6): both have to be what the
 * model gives. In class `exact` WASM is no measure. Where there is no input both are empty.
 */
export async function judgeShown(
  { native, wasm }: OwnOutputs,
  inputs: Uint8Array | null,
  context: { modelId: Hex; model: Model; rerunner: Rerunner },
): Promise<Judged> {
  if (inputs === null) {
    const isEmpty = native.length === 0 && wasm.length === 0;
    return { vote: isEmpty ? "acquit" : "convict", outputHash: zeroHash, reason: "the seat has no own input" };
  }
  const first = await judgeOpened({ inputs, outputs: native }, context);
  if (context.model.profile.class === "exact") return first;
  const second = await judgeOpened({ inputs, outputs: wasm }, context);
  const worse = [first, second].find(({ vote }) => vote === "convict");
  return worse ?? (first.vote === "acquit" ? second : first);
}
