/** Which models the gate lets pass: one object, so that a rule is never switched anywhere else. */
export type GatePolicy = {
  /** Bytes of the file, constants included. */
  fileBytes: number;
  /** Bytes of all constants once they are unpacked, which typed fields store in fewer. */
  constantBytes: number;
  /** Operators of the graph and of all bodies within it. */
  nodes: number;
  /** Elements of any one value whose size the model's own constants fix, such as a ConstantOfShape. */
  valueElements: number;
  /** Operator domains ("" is ai.onnx) with the first and last version that onnxruntime 1.30.0 has released. */
  domains: ReadonlyMap<string, readonly [first: number, last: number]>;
  /** A model must import ai.onnx itself, once. */
  needsDefaultDomain: boolean;
  /** Operators that may have a body. */
  controlFlow: ReadonlySet<string>;
  /** Trips that a Loop may make, those of the loops around it multiplied in; the number must be a constant. Infinity: any. */
  trips: number;
  /** Operators that draw random numbers are let pass. */
  random: boolean;
  /** Least size of a dimension of an input or output: 0 admits empty tensors. */
  leastDimension: 0 | 1;
  /** Least number of inputs. */
  leastInputs: 0 | 1;
};

/**
 * For models that are served and judged: the same inputs give the same outputs, in a time and a memory that can be told
 * beforehand. If, Scan (bounded by its input) and a Loop with a constant number of trips have bodies that are checked like
 * the graph itself; exporters write them for recurrent models.
 */
export const SERVING: GatePolicy = {
  fileBytes: 64 * 2 ** 20,
  constantBytes: 128 * 2 ** 20,
  nodes: 20_000,
  valueElements: 2 ** 28,
  domains: new Map([["", [7, 26]]]),
  needsDefaultDomain: true,
  controlFlow: new Set(["If", "Loop", "Scan"]),
  trips: 10_000,
  random: false,
  leastDimension: 1,
  leastInputs: 1,
};

/**
 * For the ONNX backend tests: whatever they exercise and runs safely in the sandbox, whose limits of time and memory stand
 * in for the bounds that are lifted. What could read files or abort the process stays refused.
 */
export const CONFORMANCE: GatePolicy = {
  ...SERVING,
  domains: new Map([
    ["", [1, 26]],
    ["ai.onnx.ml", [1, 5]],
    ["ai.onnx.preview", [1, 1]],
  ]),
  needsDefaultDomain: false,
  controlFlow: new Set(["If", "Loop", "Scan", "SequenceMap"]),
  trips: Number.POSITIVE_INFINITY,
  random: true,
  leastDimension: 0,
  leastInputs: 0,
};
