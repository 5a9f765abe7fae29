import { buildModel, floats, longs, node, type Plain, value } from "../../inference/src/testing/build-onnx.ts";
import { normal, streamOf } from "./random.ts";

/** Whole-number settings of an operator. */
type Attributes = Record<string, number | number[]>;

/** A tensor of the graph: its name. */
export type Value = string;

/** An ONNX graph under construction, with weights drawn from one seed. All values are float32 unless said otherwise. */
export type Network = {
  /** Adds an operator. */
  apply: (opType: string, inputs: Value[], attributes?: Attributes) => Value;
  /** Adds a constant of normally distributed numbers. */
  weights: (dims: number[], spread: number, centre?: number) => Value;
  /** Adds a scalar constant. */
  scalar: (number: number) => Value;
  /** x [.., from] to [.., to]: weights of standard deviation `gain / sqrt(from)`, with a bias. */
  dense: (x: Value, from: number, to: number, gain?: number) => Value;
  /** x [n, from, h, w] to [n, to, h / stride, w / stride]: kernel of odd size `kernel`, He's weights, with a bias. */
  conv: (x: Value, shape: { from: number; to: number; kernel: number; stride?: number }) => Value;
  /** Layer normalisation over the last axis of `width`, written out as exporters do before operator set 17. */
  layerNorm: (x: Value, width: number) => Value;
  /** x with another shape; 0 keeps a dimension, -1 takes what is left. */
  reshape: (x: Value, shape: number[]) => Value;
  /** Ends the graph and gives the ONNX file: operator set 16, first dimension free. */
  finish: (
    input: { name: string; dims: number[]; integer?: boolean },
    output: { name: string; from: Value; dims: number[] },
  ) => Uint8Array;
};

/** Gain that keeps the variance through a ReLU (He and others, 2015). */
export const HE = Math.SQRT2;

const [INT, INTS] = [2, 7];
const INT64 = 7;

const attributeOf = ([name, setting]: [string, number | number[]]): Plain =>
  Array.isArray(setting) ? { name, type: INTS, ints: setting } : { name, type: INT, i: setting };

/** Starts a network. Equal seeds and equal calls give equal files, byte for byte. */
export function createNetwork(seed: number): Network {
  const random = streamOf(seed, 0);
  const nodes: Plain[] = [];
  const initializer: Plain[] = [];

  const constant = (make: (name: string) => Plain): Value => {
    const name = `c${initializer.length}`;
    initializer.push(make(name));
    return name;
  };
  const apply: Network["apply"] = (opType, inputs, attributes = {}) => {
    const output = `v${nodes.length}`;
    nodes.push(node(opType, inputs, [output], { attribute: Object.entries(attributes).map(attributeOf) }));
    return output;
  };
  const weights: Network["weights"] = (dims, spread, centre = 0) => {
    const count = dims.reduce((product, dim) => product * dim, 1);
    const values = Array.from({ length: count }, () => centre + spread * normal(random));
    return constant((name) => floats(name, dims, values));
  };
  const scalar = (number: number) => constant((name) => floats(name, [], [number]));

  return {
    apply,
    weights,
    scalar,
    dense: (x, from, to, gain = HE) => {
      const product = apply("MatMul", [x, weights([from, to], gain / Math.sqrt(from))]);
      return apply("Add", [product, weights([to], 0.1)]);
    },
    conv: (x, { from, to, kernel, stride = 1 }) => {
      const fan = from * kernel * kernel;
      const inputs = [x, weights([to, from, kernel, kernel], HE / Math.sqrt(fan)), weights([to], 0.1)];
      const pads = Array<number>(4).fill(kernel >> 1);
      return apply("Conv", inputs, { kernel_shape: [kernel, kernel], strides: [stride, stride], pads });
    },
    layerNorm: (x, width) => {
      const mean = (of: Value) => apply("ReduceMean", [of], { axes: [-1], keepdims: 1 });
      const centred = apply("Sub", [x, mean(x)]);
      const variance = mean(apply("Pow", [centred, scalar(2)]));
      const deviation = apply("Sqrt", [apply("Add", [variance, scalar(1e-5)])]);
      const scaled = apply("Mul", [apply("Div", [centred, deviation]), weights([width], 0.1, 1)]);
      return apply("Add", [scaled, weights([width], 0.1)]);
    },
    reshape: (x, shape) => {
      const dims = constant((name) => longs(name, [shape.length], shape.map(BigInt)));
      return apply("Reshape", [x, dims]);
    },
    finish: (input, output) => {
      nodes.push(node("Identity", [output.from], [output.name]));
      return buildModel(
        {
          name: "generated",
          node: nodes,
          initializer,
          input: [value(input.name, ["batch", ...input.dims], input.integer ? INT64 : 1)],
          output: [value(output.name, ["batch", ...output.dims])],
        },
        { producerName: "surety" },
      );
    },
  };
}
