import { fileURLToPath } from "node:url";
import { buildManifest, calibrate, createRuntime, ORT_VERSION, type Runtime, readModel } from "@surety/inference";
import type { ModelManifest, Tensor, ToleranceProfile } from "@surety/protocol";
import { CALIBRATION_STRATA, calibrationIndices, loadInputs, MODEL_NAMES } from "../../models/inputs.ts";
import { GENERATED_NAMES, generateModel } from "../models/generated.ts";

/** A model to measure: calibrated, with inputs that calibration did not have. */
export type Subject = {
  name: string;
  source: "shipped" | "generated";
  model: Uint8Array;
  manifest: ModelManifest;
  profile: ToleranceProfile;
  fresh: Tensor[][];
};

/** How to prepare a subject. */
export type SubjectOptions = {
  /** Seed of weights and inputs of generated models. */
  seed: number;
  /** Most fresh inputs; the data of a shipped model may hold fewer. */
  fresh: number;
  onProgress: (what: string, done: number, total: number) => void;
};

/** Names of all models that can be measured: the shipped ones, then the generated. */
export const SUBJECT_NAMES = [...MODEL_NAMES, ...GENERATED_NAMES];

/** Inputs that generated models are calibrated on: as many as the battery of cheats needs. */
const CALIBRATION = 256;
/** Windows of candles nearer than this share some; digits are all different. */
const APART: Readonly<Record<string, number>> = { "digits-cnn": 1 };
const WINDOW = 24;
const RUN_MS = 300_000;

/** Real inputs, evenly over those that share nothing with the ones that the profile was calibrated on. */
async function shipped(name: string, count: number): Promise<Subject> {
  const { model, manifest, profile } = await readModel(fileURLToPath(new URL(`../../models/${name}`, import.meta.url)));
  const real = loadInputs(name);
  const apart = APART[name] ?? WINDOW;
  const taken = new Set<number>();
  for (const index of calibrationIndices(real, profile.seed, CALIBRATION_STRATA)) {
    for (let near = index - apart + 1; near < index + apart; near++) taken.add(near);
  }
  const free = Array.from({ length: real.count }, (_, index) => index).filter((index) => !taken.has(index));
  const fresh = Math.min(count, free.length);
  const at = (k: number) => real.at(free[Math.floor(((k + 0.5) * free.length) / fresh)]!);
  return { name, source: "shipped", model, manifest, profile, fresh: Array.from({ length: fresh }, (_, k) => at(k)) };
}

async function generated(name: string, { seed, fresh, onProgress }: SubjectOptions): Promise<Subject> {
  const { model, input } = generateModel(name, seed);
  const draw = (count: number, from: number) => Array.from({ length: count }, (_, index) => input(from, index));
  const inputs = draw(CALIBRATION, seed);
  const runtimes: Runtime[] = [];
  const open = (kind: "native" | "wasm", optimization: "all" | "disabled") => {
    const runtime = createRuntime({ kind, optimization, timeoutMs: RUN_MS });
    runtimes.push(runtime);
    return runtime;
  };
  try {
    const { profile } = await calibrate({
      model,
      inputs,
      seed,
      reference: open("native", "all"),
      alternatives: {
        [`native@${ORT_VERSION} opt=disabled`]: open("native", "disabled"),
        [`wasm@${ORT_VERSION} opt=all`]: open("wasm", "all"),
      },
      repeat: open("native", "all"),
      onProgress: (what, done, total) => onProgress(`calibrating, ${what}`, done, total),
    });
    const manifest = buildManifest({ name, model, profile, inputs });
    return { name, source: "generated", model, manifest, profile, fresh: draw(fresh, seed + 1) };
  } finally {
    await Promise.all(runtimes.map((runtime) => runtime.close()));
  }
}

/**
 * Prepares a model: a shipped one with its own profile and real inputs, a generated one made and calibrated here.
 *
 * @param name one of {@link SUBJECT_NAMES}
 * @throws what `readModel` and `calibrate` of @surety/inference throw
 */
export const prepare = (name: string, options: SubjectOptions): Promise<Subject> =>
  MODEL_NAMES.includes(name) ? shipped(name, options.fresh) : generated(name, options);
