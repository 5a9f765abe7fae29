import { floatTensor, SuretyError, type Tensor, toFloats } from "@surety/protocol";
import { quantizeWeights } from "./quantize.ts";

/** A cheaper way to answer: another model, or other outputs from the honest one's. */
export type Cheat = { name: string } & ({ model: Uint8Array } | { outputs: (honest: Tensor[]) => Tensor[] });

/** Rounds to half precision; in every Node from 24, and not yet among TypeScript's declarations. */
const { f16round } = Math as typeof Math & { f16round(value: number): number };

const toHalf = (tensor: Tensor): Tensor =>
  tensor.datatype === "FP32" || tensor.datatype === "FP64"
    ? floatTensor(tensor.name, tensor.shape, toFloats(tensor).map(f16round), tensor.datatype)
    : tensor;

/**
 * The cheats that calibration tries against a model: weights rounded to int8 per output channel (where it has such
 * weights), and float outputs rounded to half precision.
 */
export function cheatsOf(model: Uint8Array): Cheat[] {
  const rounded: Cheat = { name: "fp16-output", outputs: (honest) => honest.map(toHalf) };
  try {
    return [{ name: "int8-weights", model: quantizeWeights(model).model }, rounded];
  } catch (error) {
    if (error instanceof SuretyError && error.code === "INFERENCE_NOTHING_TO_QUANTIZE") return [rounded];
    throw error;
  }
}
