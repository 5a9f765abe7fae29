import { SuretyError } from "@surety/protocol";
import { rewriteWeights, type Weights } from "./weights.ts";

/** Weights that were rounded: the constant's name, its output channels, and the elements in it. */
export type Quantized = { model: Uint8Array; weights: { name: string; channels: number; elements: number }[] };

/** Rounds to `levels` steps either side of zero per output channel: w = s * round(w / s), s = max|w| / levels. */
function roundPerChannel({ dims, count, get, set }: Weights, axis: number, levels: number): void {
  const channels = dims[axis] ?? 1;
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const channelOf = (index: number) => Math.floor(index / inner) % channels;
  const largest = new Float64Array(channels);
  for (let i = 0; i < count; i++) {
    const channel = channelOf(i);
    largest[channel] = Math.max(largest[channel]!, Math.abs(get(i)));
  }
  for (let i = 0; i < count; i++) {
    const scale = largest[channelOf(i)]! / levels;
    if (scale > 0 && Number.isFinite(scale)) set(i, scale * Math.round(get(i) / scale));
  }
}

/**
 * Makes the copy of a model that a cheap provider would serve: the float32 weights of Conv, ConvTranspose, Gemm and MatMul
 * rounded to signed integers per output channel, symmetrically, and stored back as float32.
 *
 * @param model an ONNX file; it is not changed
 * @param bits of the integers: 8 gives 127 steps either side of zero, 4 gives 7
 * @throws SuretyError `INFERENCE_NOTHING_TO_QUANTIZE` if no weight was found, `INFERENCE_MODEL_MALFORMED`
 */
export function quantizeWeights(model: Uint8Array, bits: 8 | 4 = 8): Quantized {
  const rounded: Quantized["weights"] = [];
  const copy = rewriteWeights(model, (all) => {
    for (const weights of all) {
      const { name, dims, count, channelAxis: axis } = weights;
      if (axis === undefined) continue;
      roundPerChannel(weights, axis, 2 ** (bits - 1) - 1);
      rounded.push({ name, channels: dims[axis]!, elements: count });
    }
  });
  if (rounded.length === 0) {
    throw new SuretyError("INFERENCE_NOTHING_TO_QUANTIZE", "The model has no float32 weights of Conv, Gemm or MatMul.");
  }
  return { model: copy, weights: rounded };
}
