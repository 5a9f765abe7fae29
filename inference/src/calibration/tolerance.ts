import {
  type Datatype,
  deviation,
  isFloat,
  type OutputTolerance,
  SuretyError,
  type Tensor,
  type ToleranceProfile,
  toFloats,
} from "@surety/protocol";
import { decodeModel } from "../onnx/decode.ts";
import { median, tidy } from "./numbers.ts";

/** Safety factor: middle of the range in which no honest run was refused and no cheat accepted. */
export const S = 8;
/**
 * Least honest deviations assumed, by largest difference and by norm, so that models which happened to agree to the bit keep
 * a tolerance. A half-precision output may differ by a unit in the last place wherever one rounding falls the other way.
 */
const LEAST = { wide: { tauMax: 2 ** -22, tauL2: 2 ** -24 }, half: { tauMax: 2 ** -10, tauL2: 2 ** -12 } };
/** Half a unit in the last place at 1: no deviation below it can be told from rounding. */
const ROUNDING = { wide: 2 ** -24, half: 2 ** -11 };

const width = (datatype: Datatype) => (datatype === "FP16" ? "half" : "wide");

/** A limit of a float output. */
export type Metric = "tauMax" | "tauL2";
/** By limit, the units in which a deviation is that metric alone. */
export const METRICS: Record<Metric, Record<Metric, number>> = {
  tauMax: { tauMax: 1, tauL2: Number.POSITIVE_INFINITY },
  tauL2: { tauMax: Number.POSITIVE_INFINITY, tauL2: 1 },
};

/** Least limits of a float output: those of a model whose honest runs agree to the bit. */
export const leastLimit = (datatype: Datatype, metric: Metric): number => S * LEAST[width(datatype)][metric];

const norm = (values: Float64Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
const largest = (values: Float64Array) => values.reduce((max, v) => Math.max(max, Math.abs(v)), 0);

/** What a tolerance is measured on: outputs of the reference, and of every alternative, by input. */
export type HonestRuns = { reference: Tensor[][]; alternatives: Tensor[][][] };
/** What deviations need of a profile. */
type Draft = Pick<ToleranceProfile, "outputs">;

/** The tolerance of an output before anything is known of it. */
const untold = ({ name, datatype }: Tensor): OutputTolerance => ({
  name,
  datatype,
  mode: "exact",
  floorScale: 0,
  floorL2: 0,
  tauMax: 0,
  tauL2: 0,
});

/**
 * Medians over runs of a float output's largest magnitude and of its norm.
 * @throws SuretyError `INFERENCE_CALIBRATION_NOT_FINITE`
 */
export function floorsOf(runs: Tensor[][], output: string): Pick<OutputTolerance, "floorScale" | "floorL2"> {
  const values = runs.map((outputs) => toFloats(outputs.find(({ name }) => name === output)!));
  const broken = values.findIndex((floats) => !floats.every(Number.isFinite));
  if (broken >= 0) {
    const message = `Output "${output}" of calibration input ${broken} holds NaN or infinity; choose inputs of the model's domain.`;
    throw new SuretyError("INFERENCE_CALIBRATION_NOT_FINITE", message);
  }
  return { floorScale: tidy(median(values.map(largest))), floorL2: tidy(median(values.map(norm))) };
}

/** By integer output, the float output that it is the arg-max of along the last axis. */
function argMaxima(model: Uint8Array, outputs: readonly Tensor[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const node of decodeModel(model).graph?.node ?? []) {
    const scores = outputs.find(({ name, datatype }) => name === node.input[0] && isFloat(datatype));
    const axis = Number(node.attribute.find(({ name }) => name === "axis")?.i ?? 0);
    const isLast = scores !== undefined && (axis === -1 || axis === scores.shape.length - 1);
    if (node.opType === "ArgMax" && isLast) found.set(node.output[0] ?? "", scores.name);
  }
  return found;
}

function draftOf(runs: Tensor[][], tensor: Tensor, logits: string | undefined): OutputTolerance {
  if (isFloat(tensor.datatype)) return { ...untold(tensor), mode: "float", ...floorsOf(runs, tensor.name) };
  return logits === undefined ? untold(tensor) : { ...untold(tensor), mode: "margin", logits };
}

/** Largest deviations of `runs` from `reference`, by output, under some tolerances. */
function worst(outputs: OutputTolerance[], runs: Tensor[][], reference: Tensor[][]): Map<string, number> {
  const found = new Map<string, number>();
  for (const [i, claimed] of runs.entries()) {
    for (const { name, dev, wrong } of deviation(claimed, reference[i]!, { outputs } as ToleranceProfile)) {
      if (wrong !== null) {
        const message = `Honest runtimes give output "${name}" of calibration input ${i} differently in kind: ${wrong}.`;
        throw new SuretyError("INFERENCE_CALIBRATION_DISAGREES", message);
      }
      found.set(name, Math.max(found.get(name) ?? 0, dev));
    }
  }
  return found;
}

/**
 * The tolerance of every output: 8 x the largest deviation of any alternative from the reference, per metric. An integer output
 * that the model computes as the arg-max of a float output along its last axis is compared by margin; every other output that is
 * no float must be equal.
 * @throws SuretyError `INFERENCE_CALIBRATION_NOT_FINITE`, `INFERENCE_CALIBRATION_DISAGREES`
 */
export function tolerances(model: Uint8Array, { reference, alternatives }: HonestRuns): OutputTolerance[] {
  const linked = argMaxima(model, reference[0]!);
  const outputs = reference[0]!.map((tensor) => draftOf(reference, tensor, linked.get(tensor.name)));
  for (const metric of Object.keys(METRICS) as Metric[]) {
    const measured = outputs.map((output) => (output.mode === "float" ? { ...output, ...METRICS[metric] } : output));
    const all = alternatives.map((runs) => worst(measured, runs, reference));
    for (const output of outputs.filter(({ mode }) => mode === "float")) {
      const most = Math.max(0, ...all.map((found) => found.get(output.name) ?? 0));
      output[metric] = tidy(Math.max(leastLimit(output.datatype, metric), S * most));
    }
  }
  const all = alternatives.map((runs) => worst(outputs, runs, reference));
  const differs = outputs.find(({ name, mode }) => mode !== "float" && all.some((found) => (found.get(name) ?? 0) > 1));
  if (differs === undefined) return outputs;
  const message = `Honest runtimes differ in output "${differs.name}", which must be equal.`;
  throw new SuretyError("INFERENCE_CALIBRATION_DISAGREES", message);
}

/** The outputs of class `exact`: no tolerance at all. */
export const exactOutputs = (reference: Tensor[][]): OutputTolerance[] => reference[0]!.map(untold);

/**
 * Largest deviation over the float outputs of each honest run from the reference, in units of tau, ascending. Not below half a
 * unit in the last place, and scaled so that the largest is 1 / S also for a model whose runs agreed closer than its least limits
 * assume: other hardware need not agree as closely.
 */
export function honestDeviations({ outputs }: Draft, { reference, alternatives }: HonestRuns): number[] {
  const profile = { outputs: outputs.filter(({ mode }) => mode === "float") } as ToleranceProfile;
  const floatsOf = (run: Tensor[]) => run.filter(({ name }) => profile.outputs.some((output) => output.name === name));
  const least = Math.min(...profile.outputs.map(({ datatype, tauMax }) => ROUNDING[width(datatype)] / tauMax));
  const found = alternatives.flatMap((runs) =>
    runs.map((run, i) => Math.max(least, ...deviation(floatsOf(run), reference[i]!, profile).map(({ dev }) => dev))),
  );
  const stretch = Math.max(1, 1 / (S * found.reduce((most, dev) => Math.max(most, dev), 0)));
  return found.map((dev) => dev * stretch).sort((a, b) => a - b);
}
