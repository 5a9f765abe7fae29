import { createHash } from "node:crypto";

/** Numbers in [0, 1) that depend on nothing but the seed: what draws from them can be repeated. */
export type Random = () => number;

/** A stream of numbers for one purpose, from a seed. */
export function seededRandom(seed: number, purpose: string): Random {
  let counter = 0;
  let pool: number[] = [];
  return () => {
    if (pool.length === 0) {
      const digest = createHash("sha256").update(`surety.demo:${seed}:${purpose}:${counter++}`).digest();
      pool = [0, 6, 12, 18, 24].map((at) => digest.readUIntBE(at, 6) / 2 ** 48);
    }
    return pool.pop()!;
  };
}

/** How many arrivals of a Poisson process come when `mean` are expected. */
export function poisson(mean: number, random: Random): number {
  let count = 0;
  for (let left = Math.exp(-mean), product = random(); product > left; product *= random()) count++;
  return count;
}
