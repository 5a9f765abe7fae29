import { rewriteWeights } from "./weights.ts";

/**
 * Makes a copy of a model in which the smallest of all weights of Conv, ConvTranspose, Gemm and MatMul together, zeros apart,
 * are zero; among equals those that come first.
 * @param share of the weights that are not zero, 0 to 1, rounded up
 */
export function pruneWeights(model: Uint8Array, share: number): Uint8Array {
  return rewriteWeights(model, (all) => {
    const places = all
      .filter(({ channelAxis }) => channelAxis !== undefined)
      .flatMap(({ count, get, set }) => Array.from({ length: count }, (_, i) => ({ size: Math.abs(get(i)), i, set })))
      .filter(({ size }) => size > 0)
      .sort((a, b) => a.size - b.size);
    for (const { i, set } of places.slice(0, Math.ceil(share * places.length))) set(i, 0);
  });
}
