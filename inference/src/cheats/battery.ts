import { type CheatName, floatTensor, SuretyError, type Tensor, toFloats } from "@surety/protocol";
import { toBrain, toHalf } from "./half.ts";
import { pruneWeights } from "./prune.ts";
import { quantizeWeights } from "./quantize.ts";
import { roundWeights } from "./weights.ts";

/** A cheaper way to answer: another model, or other outputs made of the honest ones. */
export type Cheat = { cheat: CheatName } & (
  | { model: Uint8Array }
  | {
      /** @param honest outputs of every input; @param index the input that is answered */
      outputs: (honest: readonly Tensor[][], index: number) => Tensor[];
    }
);

const halved = (tensor: Tensor): Tensor =>
  tensor.datatype === "FP32" || tensor.datatype === "FP64"
    ? floatTensor(tensor.name, tensor.shape, toFloats(tensor).map(toHalf), tensor.datatype)
    : tensor;

/** A copy, or undefined where the model has no weights that could be rounded this way. */
function copyOf(make: () => Uint8Array): Uint8Array | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof SuretyError && error.code === "INFERENCE_NOTHING_TO_QUANTIZE") return undefined;
    throw error;
  }
}

/**
 * The cheats that calibration tries against a model: all float32 constants rounded to half precision or bfloat16; matrices and
 * kernels rounded to int8 or int4 per output channel; the smallest 1 % of them set to zero; float outputs rounded to half
 * precision; the answer to another input. A copy that is the model itself, byte for byte, is left out: it is no cheat.
 */
export function batteryOf(model: Uint8Array): Cheat[] {
  const copies: [CheatName, () => Uint8Array][] = [
    ["fp16-weights", () => roundWeights(model, toHalf)],
    ["bf16-weights", () => roundWeights(model, toBrain)],
    ["int8-weights", () => quantizeWeights(model, 8).model],
    ["int4-weights", () => quantizeWeights(model, 4).model],
    ["pruned-1-percent", () => pruneWeights(model, 0.01)],
  ];
  const cheap = copies.flatMap(([cheat, make]): Cheat[] => {
    const copy = copyOf(make);
    return copy === undefined || Buffer.compare(copy, model) === 0 ? [] : [{ cheat, model: copy }];
  });
  return [
    ...cheap,
    { cheat: "fp16-output", outputs: (honest, index) => honest[index]!.map(halved) },
    { cheat: "stale-answer", outputs: (honest, index) => honest[(index + 1) % honest.length]! },
  ];
}
