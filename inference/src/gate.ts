import type { TensorSpec } from "@surety/protocol";
import { checkGraph } from "./gate/graph.ts";
import { type GatePolicy, SERVING } from "./gate/policy.ts";
import { quoted, refuse } from "./gate/refuse.ts";
import { readValues } from "./gate/values.ts";
import { decodeModel } from "./onnx/decode.ts";
import type { OperatorSetProto } from "./onnx/schema.ts";

export * from "./gate/policy.ts";

/**
 * What the gate read in a model that it let pass: version of ai.onnx (0 if it uses none), operators in all graphs, inputs
 * and outputs; -1 in a shape stands for a dimension that the caller chooses.
 */
export type ModelSpec = { opset: number; nodes: number; inputs: TensorSpec[]; outputs: TensorSpec[] };

function readOpset(imports: readonly OperatorSetProto[], { domains, needsDefaultDomain }: GatePolicy): number {
  const versions = new Map<string, number>();
  for (const { domain: name = "", version = 0 } of imports) {
    const domain = name === "ai.onnx" ? "" : name;
    const shown = domain === "" ? "ai.onnx" : quoted(domain);
    const range = domains.get(domain);
    if (range === undefined) {
      const need = [...domains.keys()].map((known) => (known === "" ? "ai.onnx" : known)).join(", ");
      throw refuse("DOMAIN", `it imports operators of domain ${shown}; needs only those of ${need}.`);
    }
    if (versions.has(domain)) throw refuse("OPSET", `it imports operator set ${shown} twice; needs once.`);
    const [first, last] = range;
    if (version < first || version > last) {
      const need = `needs ${first} to ${last}. Convert the model's version.`;
      throw refuse("OPSET", `it uses version ${version} of operator set ${shown}; ${need}`);
    }
    versions.set(domain, version);
  }
  const opset = versions.get("");
  if (opset === undefined && needsDefaultDomain) {
    throw refuse("OPSET", "it does not import operator set ai.onnx; needs it once.");
  }
  return opset ?? 0;
}

/**
 * Reads an ONNX file and refuses, before any runtime sees it, what must not be run: data outside the file, operators
 * of other domains, random numbers, loops without a bound, model-local functions, element types that crash or cannot be
 * hashed, sizes beyond the limits; in bodies of operators as in the graph itself. Pure: the file is not written to and
 * no runtime is loaded.
 *
 * @param bytes the ONNX file
 * @param policy which rules hold; by default those for models that are served
 * @throws SuretyError `INFERENCE_MODEL_*`, never retryable; the code says which rule, the message which node or tensor
 */
export function inspectModel(bytes: Uint8Array, policy: GatePolicy = SERVING): ModelSpec {
  if (bytes.length === 0 || bytes.length > policy.fileBytes) {
    throw refuse("TOO_LARGE", `it has ${bytes.length} bytes; needs 1 to ${policy.fileBytes}.`);
  }
  // onnxruntime takes any buffer with this mark for its own flatbuffer format and would never parse what is read here.
  if (String.fromCharCode(...bytes.subarray(4, 8)) === "ORTM") {
    throw refuse("MALFORMED", "it is in onnxruntime's own format; needs ONNX.");
  }
  const { graph, functions, trainingInfo, opsetImport } = decodeModel(bytes);
  if (graph === undefined) throw refuse("MALFORMED", "it holds no graph.");
  if (functions.length > 0) {
    throw refuse("FUNCTION", `it defines function ${quoted(functions[0]?.name)} itself; inline it before exporting.`);
  }
  if (trainingInfo.length > 0) throw refuse("CONTROL_FLOW", "it holds training steps; export it for inference.");
  const opset = readOpset(opsetImport, policy);
  const nodes = checkGraph(graph, policy);
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const free = graph.input.filter(({ name }) => !constants.has(name));
  const least = policy.leastDimension;
  return {
    opset,
    nodes,
    inputs: readValues("input", free, { least, fewest: policy.leastInputs }),
    outputs: readValues("output", graph.output, { least, fewest: 1 }),
  };
}
