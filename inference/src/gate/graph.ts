import { MAX_RANK } from "@surety/protocol";
import type { AttributeProto, GraphProto, NodeProto, SparseTensorProto, TypeProto } from "../onnx/schema.ts";
import { checkConstant } from "./constants.ts";
import type { GatePolicy } from "./policy.ts";
import { quoted, refuse } from "./refuse.ts";
import { numbersOf, type Scope, scopeOf } from "./scope.ts";
import { forcedElements } from "./sizes.ts";

const RANDOM = new Set([
  "Bernoulli",
  "Multinomial",
  "RandomNormal",
  "RandomNormalLike",
  "RandomUniform",
  "RandomUniformLike",
]);

/** What is counted over the graph and all bodies within it. */
type Totals = { nodes: number; constantBytes: number };

/** What the check of a graph stands on: where it is, how often it runs at most, and what has been counted so far. */
type Place = { path: string; trips: number; policy: GatePolicy; totals: Totals };

const bodiesOf = ({ attribute }: NodeProto): { name: string; graph: GraphProto }[] =>
  attribute.flatMap(({ name = "", g, graphs }) =>
    (g === undefined ? graphs : [g, ...graphs]).map((graph) => ({ name, graph })),
  );

function addConstant({ policy, totals }: Place, where: string, tensor: Parameters<typeof checkConstant>[1]): void {
  totals.constantBytes += checkConstant(where, tensor);
  if (totals.constantBytes > policy.constantBytes) {
    throw refuse("TOO_LARGE", `its constants have more than ${policy.constantBytes} bytes at ${where}; needs fewer.`);
  }
}

function refuseSparse(where: string, { values, indices }: SparseTensorProto): never {
  // Named first, since it is the graver fault.
  for (const tensor of [values, indices]) if (tensor !== undefined) checkConstant(where, tensor);
  throw refuse("ELEMENT_TYPE", `${where} is a sparse constant; needs dense ones.`);
}

function checkAttribute(place: Place, where: string, attribute: AttributeProto): void {
  const name = `${quoted(attribute.name)} of ${where}`;
  if (attribute.refAttrName !== undefined) throw refuse("MALFORMED", `${name} refers to a function's attribute.`);
  const sparse = attribute.sparseTensor ?? attribute.sparseTensors[0];
  if (sparse !== undefined) refuseSparse(name, sparse);
  for (const tensor of attribute.t === undefined ? attribute.tensors : [attribute.t, ...attribute.tensors]) {
    addConstant(place, name, tensor);
  }
}

/** What can be told of an operator by itself. */
function checkNode(place: Place, where: string, node: NodeProto): void {
  const { domains, controlFlow, random } = place.policy;
  const op = node.opType ?? "";
  const domain = node.domain === "ai.onnx" ? "" : (node.domain ?? "");
  if (!domains.has(domain)) {
    const need = [...domains.keys()].map((known) => (known === "" ? "ai.onnx" : known)).join(", ");
    throw refuse("DOMAIN", `${where} is of domain ${quoted(domain)}; needs only operators of ${need}.`);
  }
  if (!random && RANDOM.has(op)) {
    throw refuse("RANDOM_OPERATOR", `${where} draws random numbers; outputs must be reproducible.`);
  }
  const bodies = bodiesOf(node);
  const takesBodies = domain === "" && controlFlow.has(op);
  if (bodies.length > 0 && !takesBodies) {
    throw refuse("CONTROL_FLOW", `${where} runs a body; only ${[...controlFlow].join(", ")} may.`);
  }
  if (bodies.length === 0 && takesBodies) throw refuse("MALFORMED", `${where} lacks its body.`);
  for (const attribute of node.attribute) checkAttribute(place, where, attribute);
}

/** What is told by the constants that an operator is given. */
function checkSettings({ policy }: Place, where: string, node: NodeProto, scope: Scope): void {
  const training = node.opType === "Dropout" ? (node.input[2] ?? "") : "";
  if (!policy.random && training !== "" && numbersOf(scope, training)?.some((on) => on !== 0) !== false) {
    throw refuse("RANDOM_OPERATOR", `${where} can be switched to training; export the model for inference.`);
  }
  const elements = forcedElements(node, scope);
  if (elements > policy.valueElements) {
    throw refuse("TOO_LARGE", `${where} makes ${elements} elements; needs at most ${policy.valueElements}.`);
  }
}

/** @returns how often the bodies of an operator run at most, counting the loops around it. */
function tripsOf({ policy, trips }: Place, where: string, node: NodeProto, scope: Scope): number {
  if (node.opType !== "Loop" || policy.trips === Number.POSITIVE_INFINITY) return trips;
  const own = numbersOf(scope, node.input[0])?.[0];
  if (own === undefined) {
    throw refuse("LOOP", `${where} has no constant number of trips; needs one, and at most ${policy.trips}.`);
  }
  const total = trips * Math.max(1, own);
  if (total > policy.trips) {
    throw refuse("LOOP", `${where} makes ${total} trips with the loops around it; needs at most ${policy.trips}.`);
  }
  return total;
}

/** Rank of a value's type, the types within sequences and the like included. */
function rankOf({ tensorType, sparseTensorType, sequenceType, optionalType, mapType }: TypeProto): number {
  const inner = sequenceType?.elemType ?? optionalType?.elemType ?? mapType?.valueType;
  return (tensorType ?? sparseTensorType)?.shape?.dim.length ?? (inner === undefined ? 0 : rankOf(inner));
}

function walk(graph: GraphProto, outer: Scope | undefined, place: Place): void {
  const { path, policy, totals } = place;
  totals.nodes += graph.node.length;
  if (totals.nodes > policy.nodes) {
    throw refuse("TOO_LARGE", `it has ${totals.nodes} operators or more; needs at most ${policy.nodes}.`);
  }
  const at = (what: string) => (path === "" ? what : `${what} in ${path}`);
  const [sparse] = graph.sparseInitializer;
  if (sparse !== undefined) refuseSparse(at(quoted(sparse.values?.name)), sparse);
  for (const tensor of graph.initializer) addConstant(place, at(quoted(tensor.name)), tensor);
  const whereOf = (node: NodeProto) => at(`node ${quoted(node.name)} (${quoted(node.opType).slice(1, -1)})`);
  for (const node of graph.node) checkNode(place, whereOf(node), node);
  for (const { name, type } of graph.valueInfo) {
    const rank = rankOf(type ?? {});
    if (rank > MAX_RANK) {
      throw refuse("RANK", `${at(`value ${quoted(name)}`)} has rank ${rank}; needs at most ${MAX_RANK}.`);
    }
  }
  // Constants are read only now that every one of this graph and of those around it has been checked.
  const scope = scopeOf(graph, outer);
  for (const node of graph.node) {
    const where = whereOf(node);
    checkSettings(place, where, node, scope);
    const bodies = bodiesOf(node);
    const trips = bodies.length === 0 ? 0 : tripsOf(place, where, node, scope);
    for (const { name, graph: body } of bodies)
      walk(body, scope, { ...place, trips, path: `${quoted(name)} of ${where}` });
  }
}

/**
 * Checks a graph and every body within it by the same rules.
 *
 * @returns the number of operators in all of them
 * @throws SuretyError `INFERENCE_MODEL_*`; the message names the operator or constant and the bodies it lies in
 */
export function checkGraph(graph: GraphProto, policy: GatePolicy): number {
  const totals = { nodes: 0, constantBytes: 0 };
  walk(graph, undefined, { path: "", trips: 1, policy, totals });
  return totals.nodes;
}
