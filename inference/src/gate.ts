import { MAX_RANK, SuretyError, type TensorSpec } from "@surety/protocol";
import { checkConstant } from "./onnx/constants.ts";
import { decodeModel } from "./onnx/decode.ts";
import { DATATYPES, elementTypeName } from "./onnx/element-types.ts";
import type { GraphProto, ModelProto, NodeProto, ValueInfoProto } from "./onnx/schema.ts";

/** What the gate read in a model that it let pass; -1 in a shape stands for a dimension that the caller chooses. */
export type ModelSpec = { opset: number; nodes: number; inputs: TensorSpec[]; outputs: TensorSpec[] };

/** Bounds of the gate. */
export type GateLimits = {
  /** Bytes of the file, constants included. */
  fileBytes: number;
  /** Operators in the graph. */
  nodes: number;
  /** First and last version of the default operator set: what onnxruntime 1.30.0 has released kernels for. */
  opset: readonly [number, number];
};

/** Bounds used when none are given. */
export const GATE_LIMITS: GateLimits = { fileBytes: 64 * 2 ** 20, nodes: 20_000, opset: [7, 26] };

const RANDOM = new Set([
  "Bernoulli",
  "Multinomial",
  "RandomNormal",
  "RandomNormalLike",
  "RandomUniform",
  "RandomUniformLike",
]);
const CONTROL_FLOW = new Set(["If", "Loop", "Scan", "SequenceMap"]);
const MAX_NAME = 256;
const MAX_VALUES = 64;

const refuse = (code: string, message: string) =>
  new SuretyError(`INFERENCE_MODEL_${code}`, `Model refused: ${message}`);

const isDefaultDomain = (domain: string | undefined) => (domain ?? "") === "" || domain === "ai.onnx";

function readOpset(model: ModelProto, [first, last]: readonly [number, number]): number {
  for (const { domain } of model.opsetImport) {
    if (!isDefaultDomain(domain)) {
      throw refuse("DOMAIN", `it imports operators of domain "${domain}"; needs only those of ai.onnx.`);
    }
  }
  const versions = model.opsetImport.map(({ version }) => version ?? 0);
  const [version] = versions;
  if (version === undefined || versions.length > 1) {
    throw refuse("OPSET", `it imports the default operator set ${versions.length} times; needs once.`);
  }
  if (version < first || version > last) {
    throw refuse("OPSET", `it uses operator set ${version}; needs ${first} to ${last}. Convert the model's version.`);
  }
  return version;
}

function checkNode(node: NodeProto): void {
  const op = node.opType ?? "";
  const where = `node "${node.name ?? ""}" (${op})`;
  if (!isDefaultDomain(node.domain)) {
    throw refuse("DOMAIN", `${where} is of domain "${node.domain}"; needs only operators of ai.onnx.`);
  }
  if (RANDOM.has(op)) throw refuse("RANDOM_OPERATOR", `${where} draws random numbers; outputs must be reproducible.`);
  if (op === "Dropout" && (node.input[2] ?? "") !== "") {
    throw refuse("RANDOM_OPERATOR", `${where} can be switched to training; export the model for inference.`);
  }
  const hasGraph = node.attribute.some(({ g, graphs }) => g !== undefined || graphs.length > 0);
  if (CONTROL_FLOW.has(op) || hasGraph) {
    throw refuse("CONTROL_FLOW", `${where} runs a subgraph, whose running time has no bound; needs a flat graph.`);
  }
  for (const attribute of node.attribute) {
    const name = `${attribute.name ?? ""} of ${where}`;
    if (attribute.refAttrName !== undefined) throw refuse("MALFORMED", `${name} refers to a function's attribute.`);
    if (attribute.sparseTensor !== undefined || attribute.sparseTensors.length > 0) {
      throw refuse("ELEMENT_TYPE", `${name} is a sparse tensor; needs dense ones.`);
    }
    for (const tensor of attribute.t === undefined ? attribute.tensors : [attribute.t, ...attribute.tensors]) {
      checkConstant(name, tensor);
    }
  }
}

function readShape(where: string, value: ValueInfoProto): number[] {
  const dims = value.type?.tensorType?.shape?.dim;
  if (dims === undefined)
    throw refuse("SHAPE", `${where} declares no shape; needs one, with names for free dimensions.`);
  if (dims.length > MAX_RANK) throw refuse("RANK", `${where} has rank ${dims.length}; needs at most ${MAX_RANK}.`);
  return dims.map(({ dimValue, dimParam }) => {
    if (dimValue === undefined) return -1;
    if (dimParam !== undefined || !Number.isSafeInteger(dimValue) || dimValue < 1 || dimValue > 2 ** 31) {
      throw refuse("SHAPE", `${where} has a dimension of ${dimValue} ${dimParam ?? ""}; needs 1 to 2^31 or a name.`);
    }
    return dimValue;
  });
}

function readValue(role: string, value: ValueInfoProto): TensorSpec {
  const name = value.name ?? "";
  const where = `${role} "${name}"`;
  if (name === "" || name.length > MAX_NAME)
    throw refuse("SHAPE", `${where} needs a name of 1 to ${MAX_NAME} letters.`);
  const type = value.type ?? {};
  const other = Object.keys(type).find((key) => key !== "tensorType" && key !== "denotation");
  if (other !== undefined || type.tensorType === undefined) {
    throw refuse("ELEMENT_TYPE", `${where} is of ${other ?? "no type"}; needs a tensor.`);
  }
  const datatype = DATATYPES[type.tensorType.elemType ?? 0];
  if (datatype === undefined) {
    const have = elementTypeName(type.tensorType.elemType);
    throw refuse(
      "ELEMENT_TYPE",
      `${where} has elements of ${have}; needs one of ${Object.values(DATATYPES).join(", ")}.`,
    );
  }
  return { name, datatype, shape: readShape(where, value) };
}

function readValues(role: string, values: ValueInfoProto[]): TensorSpec[] {
  const specs = values.map((value) => readValue(role, value));
  if (specs.length < 1 || specs.length > MAX_VALUES) {
    throw refuse("SHAPE", `it has ${specs.length} ${role}s; needs 1 to ${MAX_VALUES}.`);
  }
  const twice = specs.find((spec, index) => specs.findIndex(({ name }) => name === spec.name) !== index);
  if (twice !== undefined) throw refuse("SHAPE", `it has two ${role}s named "${twice.name}".`);
  return specs;
}

function checkGraph(graph: GraphProto, limits: GateLimits): void {
  if (graph.node.length > limits.nodes) {
    throw refuse("TOO_LARGE", `it has ${graph.node.length} operators; needs at most ${limits.nodes}.`);
  }
  if (graph.sparseInitializer.length > 0) throw refuse("ELEMENT_TYPE", "it has sparse constants; needs dense ones.");
  for (const tensor of graph.initializer) checkConstant(`"${tensor.name ?? ""}"`, tensor);
  for (const node of graph.node) checkNode(node);
  for (const { name, type } of graph.valueInfo) {
    const rank = type?.tensorType?.shape?.dim.length ?? 0;
    if (rank > MAX_RANK) throw refuse("RANK", `value "${name ?? ""}" has rank ${rank}; needs at most ${MAX_RANK}.`);
  }
}

/**
 * Reads an ONNX file and refuses, before any runtime sees it, what must not be run: data outside the file, operators
 * of other domains, random numbers, subgraphs (If, Loop, Scan), model-local functions, element types that crash or
 * cannot be hashed, sizes beyond the limits. Pure: the file is not written to and no runtime is loaded.
 *
 * @param bytes the ONNX file
 * @throws SuretyError `INFERENCE_MODEL_*`, never retryable; the code says which rule, the message which node or tensor
 */
export function inspectModel(bytes: Uint8Array, limits: GateLimits = GATE_LIMITS): ModelSpec {
  if (bytes.length === 0 || bytes.length > limits.fileBytes) {
    throw refuse("TOO_LARGE", `it has ${bytes.length} bytes; needs 1 to ${limits.fileBytes}.`);
  }
  // onnxruntime takes any buffer with this mark for its own flatbuffer format and would never parse what is read here.
  if (String.fromCharCode(...bytes.subarray(4, 8)) === "ORTM") {
    throw refuse("MALFORMED", "it is in onnxruntime's own format; needs ONNX.");
  }
  const model = decodeModel(bytes);
  if (model.graph === undefined) throw refuse("MALFORMED", "it holds no graph.");
  if (model.functions.length > 0 || model.trainingInfo.length > 0) {
    throw refuse("CONTROL_FLOW", "it holds functions or training steps of its own; inline them before exporting.");
  }
  const opset = readOpset(model, limits.opset);
  checkGraph(model.graph, limits);
  const constants = new Set(model.graph.initializer.map(({ name }) => name));
  return {
    opset,
    nodes: model.graph.node.length,
    inputs: readValues(
      "input",
      model.graph.input.filter(({ name }) => !constants.has(name)),
    ),
    outputs: readValues("output", model.graph.output),
  };
}
