import {
  type CheatName,
  type CheatPower,
  checkProfile,
  LEAST_CALIBRATION,
  SEEN,
  SuretyError,
  TAU_LIMIT,
  type Tensor,
  type ToleranceProfile,
} from "@surety/protocol";
import { batteryOf, type Cheat } from "../cheats/battery.ts";
import { sha256 } from "../cid.ts";
import type { Runtime } from "../runtime.ts";
import { ORT_VERSION } from "../version.ts";
import { isaClass } from "./isa.ts";
import { mixInputs } from "./mix.ts";
import { calibratePanel, measurePower, SIMULATED } from "./power.ts";
import { exactOutputs, type HonestRuns, honestDeviations, S, tolerances } from "./tolerance.ts";

/** What a model is calibrated with. */
export type CalibrationRequest = {
  /** The ONNX file. */
  model: Uint8Array;
  /**
   * At least 64 inputs from the domain in which the model will be used. The battery of cheats runs on at least 256: where
   * fewer are given, mixtures of two of them are added.
   */
  inputs: Tensor[][];
  /** Seed that the inputs were drawn by, kept in the profile; mixtures and simulations are drawn by it. */
  seed: number;
  /** Native runtime with full optimisation. */
  reference: Runtime;
  /** Runtimes that honest verifiers may have, by the name the profile gives them; one of them WASM. */
  alternatives: Record<string, Runtime>;
  /** A second process like the reference, which class `exact` is tried against. Without it no model becomes `exact`. */
  repeat?: Runtime;
  /** Told after each part: what is done, and runs done and to do. */
  onProgress?: (what: string, done: number, total: number) => void;
};

/** A profile and what was learned on the way. */
export type Calibration = {
  profile: ToleranceProfile;
  /** Why the model could not be of class `tolerance`; null if it is. */
  reason: string | null;
  /** Cheats of the battery that change no bit of any output, or that the model has no weights for. */
  idle: CheatName[];
};

/** Fewest inputs that the battery of cheats runs on. */
export const LEAST_BATTERY = 256;
const CHUNK = 32;

/** Outputs of every run that calibration needs. */
type Runs = HonestRuns & { wasm: Tensor[][]; native: Tensor[][]; cheats: { cheat: CheatName; claims: Tensor[][] }[] };

/**
 * Measures how far honest runs of a model differ and makes its tolerance profile, version 1 (docs/protocol.md section 6): the
 * tolerance of an output is 8 x the largest deviation of any alternative from the reference. Then runs the battery of cheats
 * against it, and records how well single answers and the panel test tell each. A model for which neither test sees some cheat
 * becomes class `exact`, if its reference repeats to the bit and the cheats do not, or is refused.
 *
 * @throws SuretyError `INFERENCE_CALIBRATION_TOO_FEW` below 64 inputs, `INFERENCE_CALIBRATION_NO_WASM`,
 * `INFERENCE_CALIBRATION_NOT_FINITE`, `INFERENCE_CALIBRATION_NO_POWER`; what the gate and the runtimes throw
 */
export async function calibrate(request: CalibrationRequest): Promise<Calibration> {
  const { inputs, model, seed } = request;
  if (inputs.length < LEAST_CALIBRATION) {
    const message = `Calibration has ${inputs.length} inputs; needs at least ${LEAST_CALIBRATION}.`;
    throw new SuretyError("INFERENCE_CALIBRATION_TOO_FEW", message);
  }
  const battery = batteryOf(model);
  const runs = await runAll(request, battery);
  const common = {
    v: 1 as const,
    modelHash: sha256(model),
    ortVersion: ORT_VERSION,
    configs: Object.keys(request.alternatives),
    C: inputs.length,
    seed,
    S,
    simulated: SIMULATED,
  };
  const measure = (profile: ToleranceProfile): CheatPower[] =>
    runs.cheats.map(({ cheat, claims }) =>
      measurePower(profile, { cheat, claims, native: runs.native, wasm: runs.wasm }),
    );
  const idle = battery.map(({ cheat }) => cheat).filter((cheat) => !runs.cheats.some((one) => one.cheat === cheat));

  const tolerant = withTolerances(common, runs, measure);
  if (typeof tolerant !== "string") return { profile: checkProfile(tolerant), reason: null, idle };
  const exact: ToleranceProfile = {
    ...common,
    class: "exact",
    pinned: { optimization: "all", isa: isaClass() },
    outputs: exactOutputs(runs.native),
    power: [],
  };
  await needRepeat(request, runs.reference, tolerant);
  const profile = { ...exact, power: measure(exact) };
  const why = unseen(profile.power);
  if (why !== null) throw noPower(`${tolerant}; and bit for bit ${why}`);
  return { profile: checkProfile(profile), reason: tolerant, idle };
}

type Common = Omit<ToleranceProfile, "class" | "outputs" | "power">;

/** A profile of class `tolerance` that sees every cheat, or why there is none. */
function withTolerances(
  common: Common,
  runs: Runs,
  measure: (profile: ToleranceProfile) => CheatPower[],
): ToleranceProfile | string {
  let draft: ToleranceProfile;
  try {
    draft = { ...common, class: "tolerance", outputs: tolerances(runs), power: [] };
  } catch (error) {
    if (error instanceof SuretyError && error.code === "INFERENCE_CALIBRATION_DISAGREES") return error.message;
    throw error;
  }
  const wide = draft.outputs.find(({ datatype, tauMax }) => datatype !== "FP16" && tauMax > TAU_LIMIT);
  if (wide !== undefined) {
    return `Honest runs of output "${wide.name}" are so far apart that its tolerance is ${wide.tauMax}, above ${TAU_LIMIT}.`;
  }
  if (draft.outputs.some(({ mode }) => mode === "float")) {
    draft.panel = calibratePanel(honestDeviations(draft, runs), draft.seed);
  }
  const profile = { ...draft, power: measure(draft) };
  return unseen(profile.power) ?? profile;
}

/** Names the cheats that twelve samples miss too often; null if all are seen. */
function unseen(power: CheatPower[]): string | null {
  if (power.length === 0)
    return "no cheat of the battery changes the model's answers, not even the answer to another input";
  const missed = power.filter(({ missed }) => missed.all["12"].both > SEEN);
  if (missed.length === 0) return null;
  const list = missed.map(({ cheat, missed }) => `${cheat} (12 samples miss it with ${missed.all["12"].both})`);
  return `neither a single answer nor a panel of twelve tells these cheats from the model: ${list.join(", ")}`;
}

const noPower = (why: string) =>
  new SuretyError(
    "INFERENCE_CALIBRATION_NO_POWER",
    `The model cannot be verified: ${why}. Export it with outputs that show more of what it computes, such as logits.`,
  );

/** Class `exact` needs that a process started anew gives the same bits. */
async function needRepeat({ model, inputs, repeat }: CalibrationRequest, reference: Tensor[][], why: string) {
  if (repeat === undefined) throw noPower(`${why}; and there is no second process to try class exact with`);
  const id = sha256(model);
  await repeat.load(id, model);
  const again = await inChunks(inputs, (chunk) => repeat.runMany(id, chunk));
  const differs = again.findIndex((outputs, i) => !sameBits(outputs, reference[i]!));
  if (differs >= 0) throw noPower(`${why}; and a second process gives other bits for input ${differs}`);
}

const sameBits = (a: Tensor[], b: Tensor[]): boolean =>
  a.every(({ data }, k) => Buffer.compare(data, b[k]!.data) === 0);

async function inChunks(sets: Tensor[][], run: (chunk: Tensor[][]) => Promise<Tensor[][]>): Promise<Tensor[][]> {
  const results: Tensor[][] = [];
  for (let at = 0; at < sets.length; at += CHUNK) results.push(...(await run(sets.slice(at, at + CHUNK))));
  return results;
}

async function runAll(request: CalibrationRequest, battery: Cheat[]): Promise<Runs> {
  const { model, inputs, seed, reference, alternatives, onProgress } = request;
  const all = mixInputs(inputs, LEAST_BATTERY, seed);
  const wasmName = Object.keys(alternatives).find((name) => alternatives[name]!.kind === "wasm");
  if (wasmName === undefined) {
    const message = `Calibration compares ${Object.keys(alternatives).join(", ") || "nothing"}; needs a WASM runtime among the alternatives.`;
    throw new SuretyError("INFERENCE_CALIBRATION_NO_WASM", message);
  }
  const copies = battery.filter((cheat) => "model" in cheat).length;
  const total = (2 + copies) * all.length + (Object.keys(alternatives).length - 1) * inputs.length;
  let done = 0;
  const run = async (what: string, runtime: Runtime, bytes: Uint8Array, sets: Tensor[][]): Promise<Tensor[][]> => {
    const id = sha256(bytes);
    await runtime.load(id, bytes);
    return inChunks(sets, async (chunk) => {
      const outputs = await runtime.runMany(id, chunk);
      done += chunk.length;
      onProgress?.(what, done, total);
      return outputs;
    });
  };
  const native = await run("reference", reference, model, all);
  const honest = new Map<string, Tensor[][]>();
  for (const [name, runtime] of Object.entries(alternatives)) {
    honest.set(name, await run(name, runtime, model, name === wasmName ? all : inputs));
  }
  const cheats: Runs["cheats"] = [];
  for (const cheat of battery) {
    const claims =
      "model" in cheat
        ? await run(cheat.cheat, reference, cheat.model, all)
        : native.map((_, i) => cheat.outputs(native, i));
    if (!claims.every((claim, i) => sameBits(claim, native[i]!))) cheats.push({ cheat: cheat.cheat, claims });
  }
  return {
    native,
    wasm: honest.get(wasmName)!,
    reference: native.slice(0, inputs.length),
    alternatives: [...honest.values()].map((runs) => runs.slice(0, inputs.length)),
    cheats,
  };
}
