import type { GraphProto, NodeProto, TensorProto } from "../onnx/schema.ts";
import { fewNumbers } from "../onnx/to-tensor.ts";

/** Numbers of a constant, or undefined if they cannot be told. */
type Numbers = () => number[] | undefined;

/** Names that a graph's operators see, with the numbers of those that are constants; a body sees what is around it. */
export type Scope = { names: Map<string, Numbers>; outer: Scope | undefined };

const unknown: Numbers = () => undefined;
const ofTensor =
  (tensor: TensorProto): Numbers =>
  () =>
    fewNumbers(tensor);

/** AttributeProto.AttributeType numbers of the settings that a Constant operator may have here. */
const TYPES = { tensor: 4, int: 2, ints: 7 };

/** What a Constant operator gives; any other operator's outputs are unknown. */
function ofNode({ opType, domain, attribute, output }: NodeProto): Numbers {
  const [only] = attribute;
  if (opType !== "Constant" || (domain ?? "") !== "" || attribute.length !== 1 || output.length !== 1) return unknown;
  // The type decides which of several fields the runtime reads.
  if (only?.name === "value" && only.type === TYPES.tensor && only.t !== undefined) return ofTensor(only.t);
  if (only?.name === "value_int" && only.type === TYPES.int && only.i !== undefined) return () => [Number(only.i)];
  if (only?.name === "value_ints" && only.type === TYPES.ints) return () => only.ints.map(Number);
  return unknown;
}

/**
 * Collects the names that a graph defines. A name that is defined twice counts as unknown, whichever of the two the
 * runtime would take; only the inputs of the model itself may have a default, since the gate lets no caller set those.
 */
export function scopeOf(graph: GraphProto, outer: Scope | undefined): Scope {
  const names = new Map<string, Numbers>();
  const define = (name: string, numbers: Numbers) => names.set(name, names.has(name) ? unknown : numbers);
  const defaults = new Set(outer === undefined ? graph.initializer.map(({ name }) => name) : []);
  for (const { name } of graph.input) if (!defaults.has(name)) define(name ?? "", unknown);
  for (const tensor of graph.initializer) define(tensor.name ?? "", ofTensor(tensor));
  for (const { values } of graph.sparseInitializer) define(values?.name ?? "", unknown);
  for (const node of graph.node) for (const name of node.output) if (name !== "") define(name, ofNode(node));
  return { names, outer };
}

/** @returns the numbers of the constant `name`; undefined if it is none, is computed, or is no list of a few numbers. */
export function numbersOf(scope: Scope, name: string | undefined): number[] | undefined {
  if (name === undefined || name === "") return undefined;
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const numbers = at.names.get(name);
    if (numbers !== undefined) return numbers();
  }
  return undefined;
}
