import { SuretyError } from "@surety/protocol";
import { decodeModel } from "./onnx/decode.ts";
import type { GraphProto, NodeProto, TensorProto } from "./onnx/schema.ts";

/** Largest magnitude of a signed 8-bit weight in the symmetric scheme. */
const LEVELS = 127;

/** Weights that were rounded: the constant's name, its output channels, and the elements in it. */
export type Quantized = { model: Uint8Array; weights: { name: string; channels: number; elements: number }[] };

/** The axis of output channels of an operator's second input, or undefined if it is no weight. */
function channelAxis(node: NodeProto, rank: number): number | undefined {
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

/** Rounds float32 values in place to 127 steps either side of zero per channel: w = s * round(w / s), s = max|w| / 127. */
function roundPerChannel(bytes: Uint8Array, dims: number[], axis: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const channels = dims[axis] ?? 1;
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const count = bytes.byteLength / 4;
  const channelOf = (index: number) => Math.floor(index / inner) % channels;
  const largest = new Float64Array(channels);
  for (let i = 0; i < count; i++) {
    const channel = channelOf(i);
    largest[channel] = Math.max(largest[channel]!, Math.abs(view.getFloat32(i * 4, true)));
  }
  for (let i = 0; i < count; i++) {
    const scale = largest[channelOf(i)]! / LEVELS;
    if (scale > 0 && Number.isFinite(scale))
      view.setFloat32(i * 4, scale * Math.round(view.getFloat32(i * 4, true) / scale), true);
  }
}

/**
 * Makes the copy of a model that a cheap provider would serve: the float32 weights of Conv, ConvTranspose, Gemm and
 * MatMul rounded to int8 per output channel and stored back as float32. Same file but for those bytes: same graph, same
 * inputs and outputs, same size.
 *
 * @param model an ONNX file; it is not changed
 * @throws SuretyError `INFERENCE_NOTHING_TO_QUANTIZE` if no weight was found, `INFERENCE_MODEL_MALFORMED`
 */
export function quantizeWeights(model: Uint8Array): Quantized {
  const copy = new Uint8Array(model);
  const graph = decodeModel(copy).graph;
  const weights: Quantized["weights"] = [];
  if (graph !== undefined) {
    const known = constants(graph);
    for (const node of graph.node) {
      const name = node.input[1] ?? "";
      const tensor = known.get(name);
      const axis = tensor === undefined ? undefined : channelAxis(node, tensor.dims.length);
      const bytes = tensor?.rawData ?? tensor?.floatData;
      if (tensor?.dataType !== 1 || axis === undefined || bytes === undefined || tensor.dims.length < 2) continue;
      roundPerChannel(bytes, tensor.dims, axis);
      weights.push({ name, channels: tensor.dims[axis]!, elements: bytes.byteLength / 4 });
      known.delete(name);
    }
  }
  if (weights.length === 0) {
    throw new SuretyError("INFERENCE_NOTHING_TO_QUANTIZE", "The model has no float32 weights of Conv, Gemm or MatMul.");
  }
  return { model: copy, weights };
}
