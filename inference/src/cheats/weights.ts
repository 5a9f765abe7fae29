import { decodeModel } from "../onnx/decode.ts";
import type { GraphProto, NodeProto, TensorProto } from "../onnx/schema.ts";

/** A float32 constant of a model, read and written in place in the file's bytes. */
export type Weights = {
  name: string;
  dims: number[];
  /** Elements. */
  count: number;
  get: (index: number) => number;
  set: (index: number, value: number) => void;
  /**
   * The axis of output channels where the constant is the matrix or kernel of Conv, ConvTranspose, Gemm or MatMul; undefined
   * for biases, scales and the like.
   */
  channelAxis: number | undefined;
};

/** The axis of output channels of an operator's second input, or undefined if it is no weight. */
function channelAxis(node: NodeProto, rank: number): number | undefined {
  if (rank < 2) return undefined;
  if (node.opType === "Conv") return 0;
  if (node.opType === "ConvTranspose") return 1;
  if (node.opType === "MatMul") return rank - 1;
  if (node.opType === "Gemm") return node.attribute.find(({ name }) => name === "transB")?.i === 1 ? 0 : 1;
  return undefined;
}

/** Constants of the graph by name, those of Constant operators among them. */
function constants(graph: GraphProto): Map<string, TensorProto> {
  const found = new Map(graph.initializer.map((tensor) => [tensor.name ?? "", tensor]));
  for (const node of graph.node) {
    const tensor = node.opType === "Constant" ? node.attribute.find(({ t }) => t !== undefined)?.t : undefined;
    if (tensor !== undefined && node.output[0] !== undefined) found.set(node.output[0], tensor);
  }
  return found;
}

function weightsOf(graph: GraphProto): Weights[] {
  const axes = new Map<string, number>();
  const known = constants(graph);
  for (const node of graph.node) {
    const name = node.input[1] ?? "";
    const axis = channelAxis(node, known.get(name)?.dims.length ?? 0);
    if (axis !== undefined && !axes.has(name)) axes.set(name, axis);
  }
  return [...known].flatMap(([name, tensor]): Weights[] => {
    const bytes = tensor.rawData ?? tensor.floatData;
    if (tensor.dataType !== 1 || bytes === undefined) return [];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return [
      {
        name,
        dims: tensor.dims,
        count: bytes.byteLength / 4,
        get: (index) => view.getFloat32(index * 4, true),
        set: (index, value) => view.setFloat32(index * 4, value, true),
        channelAxis: axes.get(name),
      },
    ];
  });
}

/**
 * Makes a copy of a model in which float32 constants were changed. Same file but for those bytes: same graph, same inputs and
 * outputs, same size. Constants inside the bodies of loops and branches are left alone.
 *
 * @param model an ONNX file; it is not changed
 * @param change changes the constants of the copy in place
 * @throws SuretyError `INFERENCE_MODEL_MALFORMED`
 */
export function rewriteWeights(model: Uint8Array, change: (weights: Weights[]) => void): Uint8Array {
  const copy = new Uint8Array(model);
  const { graph } = decodeModel(copy);
  if (graph !== undefined) change(weightsOf(graph));
  return copy;
}

/** Rounds every float32 constant of a model. */
export const roundWeights = (model: Uint8Array, round: (value: number) => number): Uint8Array =>
  rewriteWeights(model, (all) => {
    for (const weights of all) for (let i = 0; i < weights.count; i++) weights.set(i, round(weights.get(i)));
  });
