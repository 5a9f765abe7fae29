/** A stream of numbers in [0, 1), the same for the same seed. */
export type Random = () => number;

/**
 * Starts a stream: Doty-Humphrey's small fast counting generator, 128 bits of state. Good for weights and simulations, not
 * for secrets.
 *
 * @param seed and `stream`: 32-bit words; another pair of them gives an unrelated stream
 */
export function createRandom(seed: number, stream = 0): Random {
  let [a, b, c, counter] = [seed | 0, stream | 0, 0x5eed, 1];
  const next = () => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // Until each bit of the seed has reached the whole state.
  for (let round = 0; round < 16; round++) next();
  return next;
}

/** A number of the standard normal distribution (Box and Muller). */
export const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** An integer from 0 to `below` - 1. */
export const pick = (random: Random, below: number): number => Math.floor(random() * below);
