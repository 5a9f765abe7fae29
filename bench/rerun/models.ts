import { fileURLToPath } from "node:url";
import { inspectModel, readModel } from "@surety/inference";
import { elementCount, floatTensor, type Tensor, type ToleranceProfile } from "@surety/protocol";
import { buildModel, floats, node, type Plain, value } from "../../inference/src/testing/build-onnx.ts";
import { loadInputs, MODEL_NAMES } from "../../models/inputs.ts";

/** A model to measure with, and what it runs on. */
export type BenchModel = { name: string; bytes: Uint8Array; profile: ToleranceProfile; inputs: Tensor[][] };

/** Inputs that each model is run on in turn. */
const INPUTS = 32;
/** A tolerance like those of the shipped models. */
const TAU = 1e-5;

/** Numbers in [-1, 1), the same in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Weights that keep the scale of what passes through them. */
function weights(name: string, dims: number[], fanIn: number): Plain {
  const next = numbers(name.length * 7919 + dims.reduce((a, b) => a * 31 + b, 1));
  const count = elementCount(dims) ?? 0;
  return floats(
    name,
    dims,
    Array.from({ length: count }, () => next() * Math.sqrt(3 / fanIn)),
  );
}

/** A perceptron: matrix-vector products, bound by how fast weights come from memory. */
function mlp(widths: number[]): Uint8Array {
  const layers = widths.slice(1).map((width, i) => ({ width, from: widths[i]!, i }));
  return buildModel({
    name: "mlp",
    node: layers.flatMap(({ i }) => [
      node("Gemm", [i === 0 ? "x" : `r${i - 1}`, `w${i}`], [`g${i}`]),
      node("Relu", [`g${i}`], [i === layers.length - 1 ? "y" : `r${i}`]),
    ]),
    initializer: layers.map(({ from, width, i }) => weights(`w${i}`, [from, width], from)),
    input: [value("x", ["batch", widths[0]!])],
    output: [value("y", ["batch", widths.at(-1)!])],
  });
}

/** 3x3 convolutions over `side` x `side` pixels; with a head it ends in ten scores, without in all its channels. */
function cnn(channels: number[], side: number, hasHead: boolean): Uint8Array {
  const layers = channels.slice(1).map((width, i) => ({ width, from: channels[i]!, i }));
  const last = `r${layers.length - 1}`;
  const width = channels.at(-1)!;
  const attribute = [{ name: "pads", type: 7, ints: [1, 1, 1, 1] }];
  const convolutions = layers.flatMap(({ i }) => [
    node("Conv", [i === 0 ? "x" : `r${i - 1}`, `w${i}`], [`c${i}`], { attribute }),
    node("Relu", [`c${i}`], [`r${i}`]),
  ]);
  const head = [
    node("GlobalAveragePool", [last], ["pool"]),
    node("Flatten", ["pool"], ["flat"]),
    node("Gemm", ["flat", "head"], ["y"]),
  ];
  return buildModel({
    name: "cnn",
    node: [...convolutions, ...(hasHead ? head : [node("Identity", [last], ["y"])])],
    initializer: [
      ...layers.map(({ from, width, i }) => weights(`w${i}`, [width, from, 3, 3], from * 9)),
      ...(hasHead ? [weights("head", [width, 10], width)] : []),
    ],
    input: [value("x", ["batch", channels[0]!, side, side])],
    output: [value("y", hasHead ? ["batch", 10] : ["batch", width, side, side])],
  });
}

function generated(name: string, bytes: Uint8Array, like: ToleranceProfile): BenchModel {
  const { inputs, outputs } = inspectModel(bytes);
  const next = numbers(1);
  const random = () =>
    inputs.map((spec) => {
      const shape = spec.shape.map((dim) => Math.max(1, dim));
      return floatTensor(spec.name, shape, Array.from({ length: elementCount(shape) ?? 0 }, next));
    });
  const limits = { mode: "float" as const, floorScale: 0.1, floorL2: 0.1, tauMax: TAU, tauL2: TAU };
  const tolerances = outputs.map(({ name, datatype }) => ({ name, datatype, ...limits }));
  return { name, bytes, profile: { ...like, outputs: tolerances }, inputs: Array.from({ length: INPUTS }, random) };
}

/** The shipped models on real inputs, and generated ones of a millisecond and more on random inputs. */
export async function benchModels(): Promise<BenchModel[]> {
  const shipped = await Promise.all(
    MODEL_NAMES.map(async (name): Promise<BenchModel> => {
      const { model, profile } = await readModel(fileURLToPath(new URL(`../../models/${name}`, import.meta.url)));
      const real = loadInputs(name);
      const inputs = Array.from({ length: INPUTS }, (_, i) => real.at(Math.floor((i * real.count) / INPUTS)));
      return { name, bytes: model, profile, inputs };
    }),
  );
  const like = shipped[0]!.profile;
  return [
    ...shipped,
    generated("mlp 784-2048-2048-10", mlp([784, 2048, 2048, 10]), like),
    generated("cnn 64 channels, 32x32", cnn([3, 64, 64, 64], 32, true), like),
    generated("cnn 96 channels, 32x32", cnn([3, 96, 96, 96], 32, true), like),
    generated("cnn to a 256 KB image", cnn([3, 64, 64, 64], 32, false), like),
  ];
}
