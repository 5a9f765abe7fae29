import type { NodeProto } from "../onnx/schema.ts";
import { numbersOf, type Scope } from "./scope.ts";

/** From the numbers an operator is given, the least number of elements of its output. */
type Measure = (numbers: number[]) => number;

const product: Measure = (numbers) => numbers.reduce((size, n) => size * n, 1);
/** Factors by which dimensions, at least 1 each, grow; what shrinks may shrink to one. */
const scales: Measure = (numbers) => product(numbers.map((n) => Math.max(1, Math.floor(n))));
/** Begins and ends by which dimensions, at least 1 each, grow. */
const padding: Measure = (numbers) => {
  const rank = numbers.length / 2;
  return product(numbers.slice(0, rank).map((n, axis) => Math.max(1, 1 + n + (numbers[axis + rank] ?? 0))));
};

/** Operators whose settings fix a size: where the setting is (input by number, attribute by name), how it is read. */
const RULES: Readonly<Record<string, readonly (readonly [at: number | string, measure: Measure])[]>> = {
  BlackmanWindow: [[0, product]],
  CenterCropPad: [[1, product]],
  Col2Im: [[1, product]],
  ConstantOfShape: [[0, product]],
  ConvTranspose: [["output_shape", product]],
  Expand: [[1, product]],
  HammingWindow: [[0, product]],
  HannWindow: [[0, product]],
  MaxUnpool: [[2, product]],
  OneHot: [[1, product]],
  Pad: [
    [1, padding],
    ["pads", padding],
    ["paddings", padding],
  ],
  RandomNormal: [["shape", product]],
  RandomUniform: [["shape", product]],
  Resize: [
    [2, scales],
    [3, product],
  ],
  Tile: [[1, scales]],
  Upsample: [
    [1, scales],
    ["scales", scales],
  ],
};

function settings(node: NodeProto, at: number | string, scope: Scope): number[] | undefined {
  if (typeof at === "number") return numbersOf(scope, node.input[at]);
  const attribute = node.attribute.find(({ name }) => name === at);
  return attribute && (attribute.ints.length > 0 ? attribute.ints.map(Number) : attribute.floats);
}

function rangeElements(node: NodeProto, scope: Scope): number {
  const [start, limit, delta] = [0, 1, 2].map((at) => numbersOf(scope, node.input[at])?.[0]);
  if (start === undefined || limit === undefined || delta === undefined) return 0;
  return Math.max(0, Math.ceil((limit - start) / delta));
}

/**
 * The elements that an operator's output must have because constants of the model say so; 0 where nothing can be told.
 *
 * It looks at shapes, repeats, pads and scales that are constants themselves, not at ones computed from constants: what
 * it cannot tell, the memory limit of the child ends.
 */
export function forcedElements(node: NodeProto, scope: Scope): number {
  if (node.opType === "Range") return rangeElements(node, scope);
  let most = 0;
  for (const [at, measure] of RULES[node.opType ?? ""] ?? []) {
    const numbers = settings(node, at, scope);
    const size = numbers === undefined || numbers.length === 0 ? 0 : measure(numbers);
    // Not Math.max, to which a NaN among the scales would be the largest.
    if (size > most) most = size;
  }
  return most;
}
