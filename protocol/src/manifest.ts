import { type Hex, keccak256, stringToBytes } from "viem";
import { canonicalJson } from "./canonical-json.ts";
import { SuretyError } from "./errors.ts";
import { createReaders, type Reader } from "./parse.ts";
import { DATATYPES, type Datatype, isFloat, MAX_RANK, type Tensor, tensorProblem } from "./tensor.ts";
import { toFloats, toIntegers } from "./tensor-values.ts";

/** An output of a model; -1 is a dimension that varies. */
export type TensorSpec = { name: string; datatype: Datatype; shape: number[] };

/** An input of a model with the values it was calibrated for; -1 is the batch. */
export type InputSpec = TensorSpec & {
  /** Least value, inclusive; null for BYTES. */
  min: number | null;
  /** Greatest value, inclusive; null for BYTES. */
  max: number | null;
};

/** What a model is: its hash is the model's id (docs/protocol.md section 5). */
export type ModelManifest = {
  v: 1;
  /** Name under which it is served, in the path of the Open Inference Protocol. */
  name: string;
  onnxSha256: Hex;
  onnxCid: string;
  inputs: InputSpec[];
  outputs: TensorSpec[];
  profileHash: Hex;
  /** Reference runtime, such as onnxruntime-node@1.30.0. */
  runtime: string;
  /** 0 if the first dimension of inputs counts rows, null if one request is one inference. */
  batchAxis: 0 | null;
  /** Most bytes of a leaf opened on chain. */
  maxOpenBytes: number;
};

/** Upper limit of `maxOpenBytes`. */
export const MAX_OPEN_BYTES = 24_576;

const { refuse, object, list, text, number, oneOf } = createReaders("PROTOCOL_BAD_MANIFEST");

const hash = text<Hex>(/^0x[0-9a-f]{64}$/, "0x and 64 lower-case hex digits");
const label = text(/^.{1,256}$/su, "1 to 256 characters");
const dimension = number((n) => Number.isSafeInteger(n) && (n >= 1 || n === -1), "a positive integer, or -1");
const shape = list(dimension, 0, MAX_RANK);
const datatype = oneOf(Object.keys(DATATYPES) as Datatype[]);
const finite = number(() => true, "a finite number");
const bound: Reader<number | null> = (value, at) => (value === null ? null : finite(value, at));

const document = object<ModelManifest>({
  v: oneOf([1] as const),
  name: text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "1 to 64 of A-Z a-z 0-9 . _ -"),
  onnxSha256: hash,
  onnxCid: text(/^[A-Za-z0-9]{20,128}$/, "a CID"),
  inputs: list(object<InputSpec>({ name: label, datatype, shape, min: bound, max: bound }), 1, 64),
  outputs: list(object<TensorSpec>({ name: label, datatype, shape }), 1, 64),
  profileHash: hash,
  runtime: text(/^onnxruntime-node@\d+\.\d+\.\d+$/, "onnxruntime-node@ and a version"),
  batchAxis: oneOf([0, null] as const),
  maxOpenBytes: number(
    (n) => Number.isInteger(n) && n >= 1 && n <= MAX_OPEN_BYTES,
    `an integer from 1 to ${MAX_OPEN_BYTES}`,
  ),
});

function checkInput(input: InputSpec, at: string, batchAxis: 0 | null): void {
  if (input.shape.some((d, axis) => d === -1 && axis !== batchAxis)) {
    throw refuse(
      `${at}.shape`,
      `[${input.shape}]`,
      batchAxis === 0 ? "-1 on axis 0 alone" : "no -1 without a batch axis",
    );
  }
  if (input.datatype === "BYTES") {
    if (input.min !== null || input.max !== null) throw refuse(`${at}.min and max`, "set", "null for BYTES");
  } else if (input.min === null || input.max === null || input.min > input.max) {
    throw refuse(`${at}.min and max`, `${input.min} and ${input.max}`, "two numbers in order");
  }
}

/**
 * Reads an untrusted manifest strictly.
 * @throws SuretyError PROTOCOL_BAD_MANIFEST naming the field, what it is and what it needs to be
 */
export function checkManifest(value: unknown): ModelManifest {
  const m = document(value, "manifest");
  for (const [i, input] of m.inputs.entries()) checkInput(input, `manifest.inputs[${i}]`, m.batchAxis);
  if (m.batchAxis === 0 && m.inputs.every((input) => input.shape[0] !== -1)) {
    throw refuse("manifest.batchAxis", 0, "an input whose first dimension is -1, or null");
  }
  for (const kind of ["inputs", "outputs"] as const) {
    const names = m[kind].map((t) => t.name);
    if (new Set(names).size !== names.length) throw refuse(`manifest.${kind}`, names.join(", "), "distinct names");
  }
  return m;
}

/** Id of a model: keccak256 of its manifest's canonical JSON. */
export const modelId = (manifest: ModelManifest): Hex =>
  keccak256(stringToBytes(canonicalJson(checkManifest(manifest))));

/** Rows that an input's tensor brings, or null if the model does not batch it. */
const rowsOf = (spec: TensorSpec, t: Tensor): number | null => (spec.shape[0] === -1 ? t.shape[0]! : null);

/** What is wrong with the names, datatypes or shapes of a request, in words, or null. */
function shapeProblem(manifest: ModelManifest, inputs: readonly Tensor[]): string | null {
  const malformed = inputs.map(tensorProblem).find((p) => p !== null);
  if (malformed !== undefined) return malformed;
  if (inputs.length !== manifest.inputs.length)
    return `there are ${inputs.length} inputs, needs ${manifest.inputs.length}`;
  let rows: number | null = null;
  for (const spec of manifest.inputs) {
    const t = inputs.find((input) => input.name === spec.name);
    if (t === undefined) return `input ${spec.name} is missing`;
    const needs = `${spec.name} is ${t.datatype} [${t.shape}], needs ${spec.datatype} [${spec.shape}]`;
    if (t.datatype !== spec.datatype || t.shape.length !== spec.shape.length) return needs;
    if (spec.shape.some((d, axis) => d !== -1 && d !== t.shape[axis])) return needs;
    const mine = rowsOf(spec, t);
    if (mine === null) continue;
    if (mine < 1 || mine >= 2 ** 32) return `${spec.name} has ${mine} rows, needs 1 to 2^32 - 1`;
    if (rows !== null && rows !== mine) return `${spec.name} has ${mine} rows, the inputs before it have ${rows}`;
    rows = mine;
  }
  return null;
}

/** What makes values unfit for a model, in words, or null. Values only: shapes are checked before. */
function valueProblem(spec: InputSpec, t: Tensor): string | null {
  const { min, max } = spec;
  if (min === null || max === null) return null;
  const values: ArrayLike<number | bigint> = isFloat(t.datatype) ? toFloats(t) : toIntegers(t);
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    // Written so that NaN, which compares with nothing, is outside.
    if (!(v >= min && v <= max)) return `element ${i} of ${spec.name} is ${v}, needs ${min} to ${max}`;
  }
  return null;
}

/** Why a request is outside what a model was calibrated for, in words, or null if it is inside. Never throws. */
export function domainProblem(manifest: ModelManifest, inputs: readonly Tensor[]): string | null {
  const problem = shapeProblem(manifest, inputs);
  if (problem !== null) return problem;
  for (const spec of manifest.inputs) {
    const outside = valueProblem(spec, inputs.find((t) => t.name === spec.name)!);
    if (outside !== null) return outside;
  }
  return null;
}

/** True if names, datatypes, shapes and every value are what the model was calibrated for: outside it a leaf is grey. */
export const inDomain = (manifest: ModelManifest, inputs: readonly Tensor[]): boolean =>
  domainProblem(manifest, inputs) === null;

/**
 * Units of a request: rows of the batch axis, 1 if the model has none.
 * @throws SuretyError PROTOCOL_BAD_INPUTS if names, datatypes or shapes are not the manifest's
 */
export function units(manifest: ModelManifest, inputs: readonly Tensor[]): number {
  const problem = shapeProblem(manifest, inputs);
  if (problem !== null) throw new SuretyError("PROTOCOL_BAD_INPUTS", `the inputs do not fit the model: ${problem}`);
  for (const spec of manifest.inputs) {
    const rows = rowsOf(spec, inputs.find((t) => t.name === spec.name)!);
    if (rows !== null) return rows;
  }
  return 1;
}
