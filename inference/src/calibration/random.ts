/**
 * Numbers in [0, 1) from a seed, the same on every machine: for inputs and simulations that others are to repeat, never for
 * secrets. SplitMix32 (Steele, Lea, Flood 2014, in 32 bits).
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  };
}
