import type { ModelSpec } from "../gate.ts";
import {
  buildModel,
  encodeMessage,
  floats,
  honestGraph,
  longs,
  node,
  type Plain,
  value,
} from "../testing/build-onnx.ts";

/** A graph as the value of an attribute, encoded at once: thousands within each other are too deep for a recursion. */
const body = (graph: Plain) => encodeMessage("Graph", graph);

/** Takes the place of the gate and lets everything pass, to see what stands behind it: x [.., 3] goes in, y comes out. */
export const openGate = (): ModelSpec => ({
  opset: 21,
  nodes: 1,
  inputs: [{ name: "x", datatype: "FP32", shape: [-1, 3] }],
  outputs: [{ name: "y", datatype: "FP32", shape: [-1, -1] }],
});

const attribute = (name: string, type: number, more: Plain) => ({ attribute: [{ name, type, ...more }] });
const INT = 2;
const TENSOR = 4;
const GRAPH = 5;
const FLOAT = 1;
const INT64 = 7;
const BOOL = 9;
/** Opset 21 knows elements of four bits. */
const OPSET_21 = { irVersion: 10, opsetImport: { version: 21 } };

/** y = the input cast to elements of four bits: the native runtime aborts the process when it hands them out. */
export const subByteOutput = (elemType: 21 | 22): Uint8Array =>
  buildModel(
    {
      name: "sub-byte",
      node: [node("Cast", ["x"], ["y"], attribute("to", INT, { i: elemType }))],
      input: [value("x", ["batch", 3])],
      output: [value("y", ["batch", 3], elemType)],
    },
    OPSET_21,
  );

/** A tensor of `elements` floats, of a size that stands in the file. */
export const constantSize = (elements: bigint): Uint8Array =>
  buildModel({
    name: "bomb",
    node: [
      node("ReduceSum", ["x"], ["sum"]),
      node("ConstantOfShape", ["size"], ["zeros"]),
      node("Add", ["zeros", "sum"], ["y"]),
    ],
    initializer: [longs("size", [1], [elements])],
    input: [value("x", ["batch", 3])],
    output: [value("y", [1, "n"])],
  });

/** A tensor of |sum of the inputs| x `factor` floats: no reader of the file can know how many. */
export const computedSize = (factor: number): Uint8Array =>
  buildModel({
    name: "computed",
    node: [
      node("ReduceSum", ["x"], ["sum"], attribute("keepdims", INT, { i: 0 })),
      node("Abs", ["sum"], ["positive"]),
      node("Mul", ["positive", "factor"], ["many"]),
      node("Cast", ["many"], ["count"], attribute("to", INT, { i: INT64 })),
      node("Reshape", ["count", "one"], ["size"]),
      node("ConstantOfShape", ["size"], ["y"]),
    ],
    initializer: [floats("factor", [], [factor]), longs("one", [1], [1n])],
    input: [value("x", ["batch", 3])],
    output: [value("y", ["n"])],
  });

/** A loop of `trips` rounds that adds one to its state: 2^40 of them never end. */
export function loop(trips: bigint): Uint8Array {
  const round = {
    name: "body",
    node: [node("Identity", ["on"], ["still"]), node("Add", ["state", "one"], ["next"])],
    input: [value("i", [], INT64), value("on", [], BOOL), value("state", [1, 3])],
    output: [value("still", [], BOOL), value("next", [1, 3])],
  };
  return buildModel({
    name: "loop",
    node: [node("Loop", ["trips", "", "x"], ["y"], attribute("body", GRAPH, { g: body(round) }))],
    initializer: [longs("trips", [], [trips]), floats("one", [1, 3], [1, 1, 1])],
    input: [value("x", [1, 3])],
    output: [value("y", [1, 3])],
  });
}

/** The honest graph with its matrix in another file. */
export const externalData = (location: string): Uint8Array =>
  buildModel({
    ...honestGraph(),
    initializer: [
      {
        name: "w",
        dims: [3, 2],
        dataType: FLOAT,
        dataLocation: 1,
        externalData: [
          { key: "location", value: location },
          { key: "length", value: "24" },
        ],
      },
      floats("b", [2], [0.5, -0.5]),
    ],
  });

/** `depth` graphs in one another, each in an attribute of the one outside. */
export function nested(depth: number): Uint8Array {
  const innermost = (): Plain => ({
    name: "end",
    node: [node("Identity", ["x"], ["y"])],
    output: [value("y", [1, 3])],
  });
  let graph = innermost();
  for (let i = 0; i < depth; i++) {
    const branches = [
      { name: "then_branch", type: GRAPH, g: body(graph) },
      { name: "else_branch", type: GRAPH, g: body(innermost()) },
    ];
    graph = { name: `g${i}`, node: [node("If", ["on"], ["y"], { attribute: branches })], output: [value("y", [1, 3])] };
  }
  return buildModel({
    ...graph,
    initializer: [{ name: "on", dims: [], dataType: BOOL, rawData: new Uint8Array([1]) }],
    input: [value("x", [1, 3])],
  });
}

/** Declares that its output has the shape `declared`; what comes has the shape of its input, [batch, 3]. */
export const liesAboutOutput = (declared: (number | string)[]): Uint8Array =>
  buildModel({
    name: "lies",
    node: [node("Identity", ["x"], ["y"])],
    input: [value("x", ["batch", 3])],
    output: [value("y", declared)],
  });

/** A constant that says `dims` and holds `values`. */
export const liesAboutConstant = (dims: number[], values: number[]): Uint8Array =>
  buildModel({
    name: "lies",
    node: [node("Add", ["x", "w"], ["y"])],
    initializer: [floats("w", dims, values)],
    input: [value("x", ["batch", 3])],
    output: [value("y", ["batch", 3])],
  });

/** A text of 16 letters, doubled `doublings` times by joining it with itself, as one string element. */
export const growingString = (doublings: number): Uint8Array =>
  buildModel(
    {
      name: "strings",
      node: [
        node("Cast", ["x"], ["s"], attribute("to", INT, { i: 8 })),
        ...Array.from({ length: doublings }, (_, i) =>
          node("StringConcat", [i === 0 ? "s" : `s${i}`, i === 0 ? "s" : `s${i}`], [`s${i + 1}`]),
        ),
        // What is handed out is small, so that only the memory on the way there can be at fault.
        node("StringConcat", [`s${doublings}`, `s${doublings}`], ["t"]),
        node("Equal", ["t", "s"], ["y"]),
      ],
      input: [value("x", ["batch", 3])],
      output: [value("y", ["batch", 3], BOOL)],
    },
    OPSET_21,
  );

/** A constant of strings: `count` elements are declared, `values` are there. */
export const stringConstant = (count: number, values: Uint8Array[]): Uint8Array =>
  buildModel({
    name: "strings",
    node: [node("Identity", ["w"], ["y"])],
    initializer: [{ name: "w", dims: [count], dataType: 8, stringData: values }],
    input: [value("x", ["batch", 3])],
    output: [value("y", [count], 8)],
  });

/** The honest graph under another operator set. */
export const opset = (version: number): Uint8Array =>
  buildModel(honestGraph(), { opsetImport: version === 0 ? [] : { version } });

/** A node whose constant attribute claims `dims`. */
export const constantNode = (dims: number[]): Uint8Array =>
  buildModel({
    name: "constant",
    node: [node("Constant", [], ["y"], attribute("value", TENSOR, { t: floats("v", dims, [1]) }))],
    input: [value("x", ["batch", 3])],
    output: [value("y", dims)],
  });
