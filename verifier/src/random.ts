import type { Rng } from "./ports.ts";

/** A uniform integer in [0, bound), by rejection: no value is likelier than another. */
export function below(rng: Rng, bound: bigint): bigint {
  const bytes = Math.ceil(bound.toString(2).length / 8) + 1;
  const range = 1n << BigInt(8 * bytes);
  const limit = range - (range % bound);
  for (;;) {
    const drawn = rng.bytes(bytes).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
    if (drawn < limit) return drawn % bound;
  }
}

/** A number in [0, 1). */
export const share = (rng: Rng): number => Number(below(rng, 1n << 32n)) / 2 ** 32;
