import { seededRandom } from "@surety/inference";

/** A stream of numbers in [0, 1), the same for the same seed. */
export type Random = ReturnType<typeof seededRandom>;

/** Stream `index` of a seed: where it begins on the one cycle of 2^32 numbers that all streams share. */
export const streamOf = (seed: number, index: number): Random => seededRandom(Math.imul(seed, 0x2545f491) + index);

/** A number of the standard normal distribution (Box and Muller). */
export const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** An integer from 0 to `below` - 1. */
export const pick = (random: Random, below: number): number => Math.floor(random() * below);
