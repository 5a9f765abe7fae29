import {
  checkManifest,
  type InputSpec,
  isFloat,
  MAX_OPEN_BYTES,
  type ModelManifest,
  profileHash,
  SuretyError,
  type Tensor,
  type TensorSpec,
  type ToleranceProfile,
  toFloats,
  toIntegers,
} from "@surety/protocol";
import { rawCid, sha256 } from "./cid.ts";
import { inspectModel } from "./gate.ts";
import { REFERENCE_RUNTIME } from "./version.ts";

/** What a manifest is made from. */
export type ManifestRequest = {
  /** Name under which the model is served. */
  name: string;
  /** The ONNX file. */
  model: Uint8Array;
  profile: ToleranceProfile;
  /** The inputs that it was calibrated with. */
  inputs: Tensor[][];
};

/**
 * Widens an interval twofold: half its width on either side, but not across zero where calibration never crossed it,
 * since a price, a count or a pixel below zero is no input of such a model.
 */
function widen(min: number, max: number): [number, number] {
  const half = (max - min) / 2;
  return [min >= 0 ? Math.max(0, min - half) : min - half, max <= 0 ? Math.min(0, max + half) : max + half];
}

function domainOf(spec: TensorSpec, inputs: Tensor[][]): InputSpec {
  if (spec.datatype === "BYTES") return { ...spec, min: null, max: null };
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const set of inputs) {
    const tensor = set.find(({ name }) => name === spec.name);
    if (tensor === undefined) {
      throw new SuretyError("INFERENCE_BAD_INPUT", `A calibration input lacks "${spec.name}"; needs every input.`);
    }
    for (const value of isFloat(tensor.datatype) ? toFloats(tensor) : toIntegers(tensor).map(Number)) {
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
  }
  const [low, high] = widen(min, max);
  return isFloat(spec.datatype)
    ? { ...spec, min: low, max: high }
    : { ...spec, min: Math.floor(low), max: Math.ceil(high) };
}

/**
 * Makes a model's manifest (docs/protocol.md section 5): hashes, tensors, the input domain as calibration saw it widened
 * twofold, and the batch axis if every input and output leaves its first dimension free.
 *
 * @throws SuretyError from the gate, or `PROTOCOL_BAD_MANIFEST`
 */
export function buildManifest({ name, model, profile, inputs }: ManifestRequest): ModelManifest {
  const spec = inspectModel(model);
  const batched = [...spec.inputs, ...spec.outputs].every(({ shape }) => shape[0] === -1);
  return checkManifest({
    v: 1,
    name,
    onnxSha256: sha256(model),
    onnxCid: rawCid(model),
    inputs: spec.inputs.map((input) => domainOf(input, inputs)),
    outputs: spec.outputs,
    profileHash: profileHash(profile),
    runtime: REFERENCE_RUNTIME,
    batchAxis: batched ? 0 : null,
    maxOpenBytes: MAX_OPEN_BYTES,
  });
}
