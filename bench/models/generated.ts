import { floatTensor, int64Tensor, type Tensor } from "@surety/protocol";
import { convolutional, FEATURES, IMAGE, perceptron, residual, TEXT, transformer } from "./architectures.ts";
import { normal, pick, type Random, streamOf } from "./random.ts";

/** A model made here: its file, and any number of inputs, input `index` of a seed always the same. */
export type GeneratedModel = { model: Uint8Array; input: (seed: number, index: number) => Tensor[] };

const row = (random: Random) => [
  floatTensor(
    "features",
    [1, FEATURES],
    Array.from({ length: FEATURES }, () => normal(random)),
  ),
];

/** A picture with structure: two waves and some noise per channel. Plain noise would look alike to a pooling network. */
function picture(random: Random): Tensor[] {
  const { side, channels } = IMAGE;
  const values: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    const level = normal(random);
    const waves = Array.from({ length: 2 }, () => {
      const [size, across, down, phase] = [normal(random), random() * 0.8, random() * 0.8, random() * 2 * Math.PI];
      return (x: number, y: number) => size * Math.cos(across * x + down * y + phase);
    });
    for (let i = 0; i < side * side; i++) {
      const wave = waves.reduce((sum, at) => sum + at(i % side, Math.floor(i / side)), 0);
      values.push(level + wave + 0.2 * normal(random));
    }
  }
  return [floatTensor("image", [1, channels, side, side], values)];
}

const text = (random: Random) => [
  int64Tensor(
    "tokens",
    [1, TEXT.length],
    Array.from({ length: TEXT.length }, () => pick(random, TEXT.vocabulary)),
  ),
];

const KINDS: Readonly<Record<string, { build: (seed: number) => Uint8Array; draw: (random: Random) => Tensor[] }>> = {
  mlp: { build: perceptron, draw: row },
  cnn: { build: convolutional, draw: picture },
  resnet: { build: residual, draw: picture },
  transformer: { build: transformer, draw: text },
};

/** Names of the models that can be generated. */
export const GENERATED_NAMES = Object.keys(KINDS);

/**
 * Makes a model with random weights: variances kept from layer to layer (He and others, 2015), biases and norms off
 * their neutral values, so that every rounding counts as in a trained one. Operator set 16; equal seeds give equal files.
 *
 * @param name one of {@link GENERATED_NAMES}
 * @throws RangeError on another name
 */
export function generateModel(name: string, seed: number): GeneratedModel {
  const kind = KINDS[name];
  if (kind === undefined) throw new RangeError(`no generated model "${name}", there are ${GENERATED_NAMES.join(", ")}`);
  return {
    model: kind.build(seed),
    input: (from, index) => kind.draw(streamOf(from, index + 1)),
  };
}
