import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  checkManifest,
  checkProfile,
  type ModelManifest,
  modelId,
  profileHash,
  SuretyError,
  type TensorSpec,
  type ToleranceProfile,
} from "@surety/protocol";
import { sha256 } from "./cid.ts";
import { inspectModel } from "./gate.ts";
import { REFERENCE_RUNTIME } from "./version.ts";

/** A model whose parts belong together. */
export type StoredModel = {
  id: ReturnType<typeof modelId>;
  manifest: ModelManifest;
  profile: ToleranceProfile;
  model: Uint8Array;
};

const mismatch = (what: string, have: unknown, need: unknown) =>
  new SuretyError("INFERENCE_STORE_MISMATCH", `${what} is ${have}, needs ${need}; fetch the model's files again.`);

async function read(directory: string, file: string): Promise<Uint8Array> {
  try {
    return await readFile(join(directory, file));
  } catch (cause) {
    throw new SuretyError(
      "INFERENCE_STORE_MISSING",
      `${join(directory, file)} cannot be read; needs a model's folder.`,
      {
        cause,
      },
    );
  }
}

function parse(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (cause) {
    throw new SuretyError("INFERENCE_STORE_MALFORMED", `${file} is not JSON; fetch it again.`, { cause });
  }
}

const describe = (specs: readonly TensorSpec[]) =>
  JSON.stringify(specs.map(({ name, datatype, shape }) => [name, datatype, shape]));

/**
 * Checks that an ONNX file, a manifest and a profile are of one model: hashes, inputs and outputs as the gate reads them,
 * and the runtime that is installed here.
 *
 * @param manifest and profile as parsed from JSON, untrusted
 * @throws SuretyError `INFERENCE_STORE_MISMATCH`, `PROTOCOL_BAD_MANIFEST`, `PROTOCOL_BAD_PROFILE`, `INFERENCE_MODEL_*`
 */
export function checkModel(parts: { model: Uint8Array; manifest: unknown; profile: unknown }): StoredModel {
  const { model } = parts;
  const manifest = checkManifest(parts.manifest);
  const profile = checkProfile(parts.profile);
  const hash = sha256(model);
  if (hash !== manifest.onnxSha256) throw mismatch("The ONNX file's hash", hash, manifest.onnxSha256);
  if (profile.modelHash !== hash) throw mismatch("The profile's model", profile.modelHash, hash);
  const hashOfProfile = profileHash(profile);
  if (hashOfProfile !== manifest.profileHash) throw mismatch("The profile's hash", hashOfProfile, manifest.profileHash);
  if (manifest.runtime !== REFERENCE_RUNTIME)
    throw mismatch("The manifest's runtime", manifest.runtime, REFERENCE_RUNTIME);
  const spec = inspectModel(model);
  for (const side of ["inputs", "outputs"] as const) {
    const [have, need] = [describe(manifest[side]), describe(spec[side])];
    if (have !== need) throw mismatch(`The manifest's list of ${side}`, have, need);
  }
  const [tolerated, given] = [profile.outputs, manifest.outputs].map((list) => list.map(({ name }) => name).join(", "));
  if (tolerated !== given) throw mismatch("The profile's list of outputs", tolerated, given);
  return { id: modelId(manifest), manifest, profile, model };
}

/**
 * Reads a model's folder: `model.onnx`, `manifest.json`, `profile.json`.
 *
 * @throws SuretyError `INFERENCE_STORE_MISSING`, `INFERENCE_STORE_MALFORMED`, and what {@link checkModel} throws
 */
export async function readModel(directory: string): Promise<StoredModel> {
  const files = ["model.onnx", "manifest.json", "profile.json"];
  const [model, manifest, profile] = await Promise.all(files.map((file) => read(directory, file)));
  return checkModel({
    model: model!,
    manifest: parse(manifest!, "manifest.json"),
    profile: parse(profile!, "profile.json"),
  });
}
