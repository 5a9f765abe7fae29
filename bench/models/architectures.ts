import { createNetwork, HE, type Network, type Value } from "./network.ts";

/** Side of the images, and their channels. */
export const IMAGE = { side: 32, channels: 3 };
/** Numbers in a row of the perceptron's input. */
export const FEATURES = 784;
/** Tokens in a sequence, and different tokens there are. */
export const TEXT = { length: 32, vocabulary: 256 };

const CLASSES = 10;
const image = { name: "image", dims: [IMAGE.channels, IMAGE.side, IMAGE.side] };

/** Multilayer perceptron: `features` FP32 [batch, 784] to `logits` FP32 [batch, 10], two hidden layers of 512. */
export function perceptron(seed: number): Uint8Array {
  const net = createNetwork(seed);
  const first = net.apply("Relu", [net.dense("features", FEATURES, 512)]);
  const second = net.apply("Relu", [net.dense(first, 512, 512)]);
  const logits = net.dense(second, 512, CLASSES, 1);
  return net.finish({ name: "features", dims: [FEATURES] }, { name: "logits", from: logits, dims: [CLASSES] });
}

/** Convolutional network: `image` FP32 [batch, 3, 32, 32] to `logits` FP32 [batch, 10], three convolutions. */
export function convolutional(seed: number): Uint8Array {
  const net = createNetwork(seed);
  const pool = (x: Value) => net.apply("MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
  const layer = (x: Value, from: number, to: number) => pool(net.apply("Relu", [net.conv(x, { from, to, kernel: 3 })]));
  const features = layer(layer(layer("image", 3, 32), 32, 64), 64, 64);
  const logits = net.dense(net.apply("Flatten", [features]), 64 * 4 * 4, CLASSES, 1);
  return net.finish(image, { name: "logits", from: logits, dims: [CLASSES] });
}

/** Two convolutions with batch normalisation, and a short cut round them. */
function residualBlock(net: Network, x: Value, from: number, to: number): Value {
  const stride = from === to ? 1 : 2;
  const batchNorm = (y: Value) => {
    const moments = [
      net.weights([to], 0.1, 1),
      net.weights([to], 0.1),
      net.weights([to], 0.1),
      net.weights([to], 0.1, 2),
    ];
    return net.apply("BatchNormalization", [y, ...moments]);
  };
  const inner = net.apply("Relu", [batchNorm(net.conv(x, { from, to, kernel: 3, stride }))]);
  const long = batchNorm(net.conv(inner, { from: to, to, kernel: 3 }));
  const short = from === to ? x : net.conv(x, { from, to, kernel: 1, stride });
  return net.apply("Relu", [net.apply("Add", [long, short])]);
}

/**
 * Residual network: `image` FP32 [batch, 3, 32, 32] to `probabilities` FP32 [batch, 10], six blocks in three stages with
 * batch normalisation.
 */
export function residual(seed: number): Uint8Array {
  const net = createNetwork(seed);
  let x = net.apply("Relu", [net.conv("image", { from: 3, to: 16, kernel: 3 })]);
  const stages = [
    [16, 16],
    [16, 32],
    [32, 64],
  ] as const;
  for (const [from, to] of stages) x = residualBlock(net, residualBlock(net, x, from, to), to, to);
  const pooled = net.apply("Flatten", [net.apply("GlobalAveragePool", [x])]);
  const probabilities = net.apply("Softmax", [net.dense(pooled, 64, CLASSES, 1)]);
  return net.finish(image, { name: "probabilities", from: probabilities, dims: [CLASSES] });
}

const [WIDTH, HEADS, LAYERS] = [128, 4, 3];

/** Self-attention over a sequence x [batch, length, width]. */
function attention(net: Network, x: Value): Value {
  const heads = (gain: number, perm: number[]) => {
    const split = net.reshape(net.dense(x, WIDTH, WIDTH, gain), [0, 0, HEADS, WIDTH / HEADS]);
    return net.apply("Transpose", [split], { perm });
  };
  const [query, key, values] = [heads(1, [0, 2, 1, 3]), heads(1, [0, 2, 3, 1]), heads(1, [0, 2, 1, 3])];
  const scores = net.apply("Div", [net.apply("MatMul", [query, key]), net.scalar(Math.sqrt(WIDTH / HEADS))]);
  const mixed = net.apply("MatMul", [net.apply("Softmax", [scores]), values]);
  const joined = net.reshape(net.apply("Transpose", [mixed], { perm: [0, 2, 1, 3] }), [0, 0, WIDTH]);
  return net.dense(joined, WIDTH, WIDTH, 1);
}

/** Gaussian error linear unit, written out with Erf. */
function gelu(net: Network, x: Value): Value {
  const error = net.apply("Erf", [net.apply("Div", [x, net.scalar(Math.SQRT2)])]);
  return net.apply("Mul", [net.apply("Mul", [x, net.apply("Add", [error, net.scalar(1)])]), net.scalar(0.5)]);
}

/**
 * Transformer: `tokens` INT64 [batch, 32] to `logits` FP32 [batch, 32, 256], three layers of width 128 with four heads,
 * normalised before each part.
 */
export function transformer(seed: number): Uint8Array {
  const net = createNetwork(seed);
  const embedded = net.apply("Gather", [net.weights([TEXT.vocabulary, WIDTH], 1), "tokens"]);
  let x = net.apply("Add", [embedded, net.weights([TEXT.length, WIDTH], 0.3)]);
  for (let layer = 0; layer < LAYERS; layer++) {
    x = net.apply("Add", [x, attention(net, net.layerNorm(x, WIDTH))]);
    const hidden = gelu(net, net.dense(net.layerNorm(x, WIDTH), WIDTH, 4 * WIDTH, HE));
    x = net.apply("Add", [x, net.dense(hidden, 4 * WIDTH, WIDTH, 1)]);
  }
  const logits = net.dense(net.layerNorm(x, WIDTH), WIDTH, TEXT.vocabulary, 1);
  const tokens = { name: "tokens", dims: [TEXT.length], integer: true };
  return net.finish(tokens, { name: "logits", from: logits, dims: [TEXT.length, TEXT.vocabulary] });
}
