import { rewriteWeights } from "./weights.ts";

/**
 * Makes a copy of a model in which the smallest of all weights of Conv, ConvTranspose, Gemm and MatMul together are zero.
 * @param share of the weights, 0 to 1
 */
export function pruneWeights(model: Uint8Array, share: number): Uint8Array {
  return rewriteWeights(model, (all) => {
    const matrices = all.filter(({ channelAxis }) => channelAxis !== undefined);
    const sizes = Float64Array.from(
      matrices.flatMap(({ count, get }) => Array.from({ length: count }, (_, i) => Math.abs(get(i)))),
    ).sort();
    const limit = sizes[Math.max(0, Math.ceil(share * sizes.length) - 1)] ?? 0;
    for (const { count, get, set } of matrices) {
      for (let i = 0; i < count; i++) if (Math.abs(get(i)) <= limit) set(i, 0);
    }
  });
}
