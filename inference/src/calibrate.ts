import {
  checkProfile,
  deviation,
  isFloat,
  LEAST_CALIBRATION,
  LEAST_POWER,
  type OutputTolerance,
  SuretyError,
  type Tensor,
  type ToleranceProfile,
  toFloats,
} from "@surety/protocol";
import { type Cheat, cheatsOf } from "./cheats.ts";
import { sha256 } from "./cid.ts";
import type { Runtime } from "./runtime.ts";
import { ORT_VERSION } from "./version.ts";

/** What a model is calibrated with. */
export type CalibrationRequest = {
  /** The ONNX file. */
  model: Uint8Array;
  /** At least 64 inputs from the domain in which the model will be used. */
  inputs: Tensor[][];
  /** Seed that the inputs were drawn by, kept in the profile. */
  seed: number;
  /** Native runtime with full optimisation. */
  reference: Runtime;
  /** Runtimes that honest verifiers may have, by the name the profile gives them. */
  alternatives: Record<string, Runtime>;
  /** Told after each part: what is done, and parts done and to do. */
  onProgress?: (what: string, done: number, total: number) => void;
};

/** How well the tolerances catch one kind of cheat. */
export type CheatFinding = {
  name: string;
  /** Least and median deviation over the calibration inputs, in units of tauMax of the output that shows most. */
  least: number;
  median: number;
  /** Share of inputs beyond four times the tolerance, which a verifier calls a mismatch: 0 to 1. */
  caught: number;
};

/** A profile and what was learned about its strength. */
export type Calibration = { profile: ToleranceProfile; findings: CheatFinding[] };

/** Safety factor: middle of the range in which no honest run was refused and no cheat accepted. */
const S = 8;
/** Least honest deviation assumed, so that models which happened to agree to the bit keep a tolerance. */
const LEAST_MAX = 2 ** -22;
const LEAST_L2 = 2 ** -24;
const CHUNK = 32;

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const norm = (values: Float64Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
const largest = (values: Float64Array) => values.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
/** Six digits: more would only record the noise of one machine. */
const tidy = (value: number) => Number(value.toPrecision(6));

/** Output k of every run. */
const column = (runs: Tensor[][], name: string) => runs.map((outputs) => outputs.find((t) => t.name === name)!);

function floors(runs: Tensor[][], { name, datatype }: Tensor): OutputTolerance {
  const tolerance = { name, datatype, floorScale: 0, floorL2: 0, tauMax: 0, tauL2: 0 };
  if (!isFloat(datatype)) return { ...tolerance, mode: "exact" };
  const values = column(runs, name).map(toFloats);
  const broken = values.findIndex((floats) => !floats.every(Number.isFinite));
  if (broken >= 0) {
    const message = `Output "${name}" of calibration input ${broken} holds NaN or infinity; choose inputs of the model's domain.`;
    throw new SuretyError("INFERENCE_CALIBRATION_NOT_FINITE", message);
  }
  const floorScale = tidy(median(values.map(largest)));
  return { ...tolerance, mode: "float", floorScale, floorL2: tidy(median(values.map(norm))) };
}

/** Largest deviations of `runs` from `reference` in one metric, by output; the other metric's tolerance is infinite. */
function worst(draft: ToleranceProfile, unit: Partial<OutputTolerance>, runs: Tensor[][], reference: Tensor[][]) {
  const profile = { ...draft, outputs: draft.outputs.map((output) => ({ ...output, ...unit })) };
  const found = new Map<string, number>();
  for (const [i, outputs] of runs.entries()) {
    for (const { name, dev, wrong } of deviation(outputs, reference[i]!, profile)) {
      if (wrong !== null) {
        const message = `Honest runtimes give output "${name}" of calibration input ${i} differently in kind: ${wrong}.`;
        throw new SuretyError("INFERENCE_CALIBRATION_DISAGREES", message);
      }
      found.set(name, Math.max(found.get(name) ?? 0, dev));
    }
  }
  return found;
}

const MAX_METRIC = { tauMax: 1, tauL2: Number.POSITIVE_INFINITY };
const L2_METRIC = { tauMax: Number.POSITIVE_INFINITY, tauL2: 1 };

function tolerate(draft: ToleranceProfile, alternatives: Tensor[][][], reference: Tensor[][]): OutputTolerance[] {
  const most = (unit: Partial<OutputTolerance>, name: string, least: number) =>
    tidy(S * Math.max(least, ...alternatives.map((runs) => worst(draft, unit, runs, reference).get(name) ?? 0)));
  return draft.outputs.map((output) => {
    if (output.mode === "float") {
      const { name } = output;
      return { ...output, tauMax: most(MAX_METRIC, name, LEAST_MAX), tauL2: most(L2_METRIC, name, LEAST_L2) };
    }
    const differs = alternatives.some((runs) => worst(draft, {}, runs, reference).get(output.name) !== 0);
    if (!differs) return output;
    const message = `Honest runtimes differ in output "${output.name}", which must be exact; the model cannot be verified.`;
    throw new SuretyError("INFERENCE_CALIBRATION_DISAGREES", message);
  });
}

function judgeCheat(profile: ToleranceProfile, name: string, runs: Tensor[][], reference: Tensor[][]): CheatFinding {
  const unit = { ...profile, outputs: profile.outputs.map((o) => ({ ...o, tauL2: Number.POSITIVE_INFINITY })) };
  const most = runs.map((outputs, i) => Math.max(...deviation(outputs, reference[i]!, unit).map(({ dev }) => dev)));
  const caught = most.filter((dev) => dev > LEAST_POWER).length / most.length;
  return { name, least: tidy(Math.min(...most)), median: tidy(median(most)), caught: tidy(caught) };
}

/** What a profile may claim: the cheats that every calibration input showed, as max |difference| / scale. */
function powerOf({ outputs }: ToleranceProfile, findings: CheatFinding[]): Record<string, number> {
  const tau = Math.min(...outputs.filter(({ mode }) => mode === "float").map(({ tauMax }) => tauMax));
  const shown = findings.filter(({ least }) => least > LEAST_POWER && Number.isFinite(least * tau));
  return Object.fromEntries(shown.map(({ name, least }) => [name, tidy(least * tau)]));
}

/**
 * Measures how far honest runs of a model differ and makes its tolerance profile, version 1: tolerance = 8 x the largest
 * deviation of any alternative from the reference, per output and metric. Then runs cheats against it; those that some
 * input fails to show stay out of the profile's power and are found only in `findings`.
 *
 * @throws SuretyError `INFERENCE_CALIBRATION_TOO_FEW` below 64 inputs, `INFERENCE_CALIBRATION_NOT_FINITE`,
 * `INFERENCE_CALIBRATION_DISAGREES`; `PROTOCOL_BAD_PROFILE` if a tolerance comes out above 1e-4 for float32; what the
 * gate and the runtimes throw
 */
export async function calibrate(request: CalibrationRequest): Promise<Calibration> {
  const { model, inputs, seed, reference, alternatives, onProgress } = request;
  if (inputs.length < LEAST_CALIBRATION) {
    const message = `Calibration has ${inputs.length} inputs; needs at least ${LEAST_CALIBRATION}.`;
    throw new SuretyError("INFERENCE_CALIBRATION_TOO_FEW", message);
  }
  const modelHash = sha256(model);
  const cheats: Cheat[] = cheatsOf(model);
  const total =
    (1 + Object.keys(alternatives).length + cheats.filter((cheat) => "model" in cheat).length) * inputs.length;
  let done = 0;
  const runAll = async (what: string, runtime: Runtime, bytes: Uint8Array): Promise<Tensor[][]> => {
    const id = sha256(bytes);
    await runtime.load(id, bytes);
    const runs: Tensor[][] = [];
    for (let at = 0; at < inputs.length; at += CHUNK) {
      const chunk = await runtime.runMany(id, inputs.slice(at, at + CHUNK));
      runs.push(...chunk);
      done += chunk.length;
      onProgress?.(what, done, total);
    }
    return runs;
  };

  const honest = await runAll("reference", reference, model);
  const others: Tensor[][][] = [];
  for (const [name, runtime] of Object.entries(alternatives)) others.push(await runAll(name, runtime, model));
  const draft: ToleranceProfile = {
    v: 1,
    modelHash,
    ortVersion: ORT_VERSION,
    configs: Object.keys(alternatives),
    C: inputs.length,
    seed,
    S,
    outputs: honest[0]!.map((output) => floors(honest, output)),
    power: {} as never,
  };
  const profile = { ...draft, outputs: tolerate(draft, others, honest) };
  const findings: CheatFinding[] = [];
  for (const cheat of cheats) {
    const runs = "model" in cheat ? await runAll(cheat.name, reference, cheat.model) : honest.map(cheat.outputs);
    findings.push(judgeCheat(profile, cheat.name, runs, honest));
  }
  return { profile: checkProfile({ ...profile, power: powerOf(profile, findings) as never }), findings };
}
