import {
  checkModel,
  createRerunner,
  createRuntime,
  inspectModel,
  isaClass,
  type ModelSpec,
  ORT_VERSION,
  type Rerun,
  sha256,
} from "@surety/inference";
import { checkProfile, type ModelManifest, SuretyError, type Tensor, type ToleranceProfile } from "@surety/protocol";
import { FILE_LIMITS, inFile, readBounded, readJson } from "./files.ts";

/** A model with what it is judged by; all parts belong together. */
export type Subject = {
  model: Uint8Array;
  /** SHA-256 of the ONNX file. */
  hash: `0x${string}`;
  spec: ModelSpec;
  profile: ToleranceProfile;
  /** Without it the inputs' domain is not checked. */
  manifest?: ModelManifest;
};

const foreign = (what: string, have: unknown, need: unknown, hint: string) =>
  new SuretyError("CHECK_WRONG_PROFILE", `The profile's ${what} is ${have}, needs ${need}. ${hint}`, {
    details: { have, need },
  });

/**
 * Reads a model, its tolerance profile and its manifest, if there is one, and checks that they belong together.
 *
 * @throws SuretyError of the files (`FILE_*`), of the gate (`INFERENCE_MODEL_*`), `PROTOCOL_BAD_PROFILE`,
 * `PROTOCOL_BAD_MANIFEST`, `INFERENCE_STORE_MISMATCH` or, without a manifest, `CHECK_WRONG_PROFILE`; `CHECK_OTHER_MACHINE`: on
 * another instruction set than the pinned one honest outputs would look like a mismatch
 */
export async function readSubject(paths: {
  model: string;
  profile: string;
  manifest?: string | undefined;
}): Promise<Subject> {
  const model = await readBounded(paths.model, FILE_LIMITS.model);
  const json = await readJson(paths.profile);
  const profile = inFile(paths.profile, () => checkProfile(json));
  if (profile.pinned !== undefined && profile.pinned.isa !== isaClass()) {
    const message = `${paths.profile}: class exact is judged bit for bit on instruction set ${profile.pinned.isa} alone; this machine is ${isaClass()}. Check on such a machine.`;
    throw new SuretyError("CHECK_OTHER_MACHINE", message);
  }
  const spec = inFile(paths.model, () => inspectModel(model));
  const hash = sha256(model);
  if (paths.manifest !== undefined) {
    const { manifest } = checkModel({ model, profile, manifest: await readJson(paths.manifest) });
    return { model, hash, spec, profile, manifest };
  }
  if (profile.modelHash !== hash) throw foreign("model", profile.modelHash, hash, "Give the profile of this model.");
  if (profile.ortVersion !== ORT_VERSION)
    throw foreign("ONNX Runtime", profile.ortVersion, ORT_VERSION, "Calibrate the model again.");
  const [have, need] = [profile, spec].map(({ outputs }) => outputs.map((o) => `${o.name} ${o.datatype}`).join(", "));
  if (have !== need) throw foreign("list of outputs", have, need, "Calibrate the model again.");
  return { model, hash, spec, profile };
}

/** Runs one set of inputs natively and in WASM. */
export type Rerunning = (inputs: Tensor[]) => Promise<Rerun>;

/**
 * Gives `use` the model in both runtimes, each a process of its own behind the gate, which end with it.
 *
 * @param timeoutMs milliseconds that one run may take
 * @throws SuretyError what the runtimes throw (`INFERENCE_*`) and what `use` throws
 */
export async function withRerunner<T>(
  { model, hash }: Subject,
  timeoutMs: number,
  use: (rerun: Rerunning) => Promise<T>,
): Promise<T> {
  const native = createRuntime({ kind: "native", timeoutMs });
  const wasm = createRuntime({ kind: "wasm", timeoutMs });
  try {
    await Promise.all([native.load(hash, model), wasm.load(hash, model)]);
    const rerun = createRerunner({ native, wasm });
    return await use(async (inputs) => (await rerun(hash, [inputs]))[0]!);
  } finally {
    await Promise.all([native.close(), wasm.close()]);
  }
}
