import {
  deviation,
  isFloat,
  type OutputTolerance,
  SuretyError,
  type Tensor,
  type ToleranceProfile,
  toFloats,
} from "@surety/protocol";
import { median, tidy } from "./numbers.ts";

/** Safety factor: middle of the range in which no honest run was refused and no cheat accepted. */
export const S = 8;
/** Least honest deviation assumed, so that models which happened to agree to the bit keep a tolerance. */
const LEAST_MAX = 2 ** -22;
const LEAST_L2 = 2 ** -24;

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

function withFloors(runs: Tensor[][], tensor: Tensor): OutputTolerance {
  if (!isFloat(tensor.datatype)) return untold(tensor);
  const values = runs.map((outputs) => toFloats(outputs.find(({ name }) => name === tensor.name)!));
  const broken = values.findIndex((floats) => !floats.every(Number.isFinite));
  if (broken >= 0) {
    const message = `Output "${tensor.name}" of calibration input ${broken} holds NaN or infinity; choose inputs of the model's domain.`;
    throw new SuretyError("INFERENCE_CALIBRATION_NOT_FINITE", message);
  }
  const [floorScale, floorL2] = [tidy(median(values.map(largest))), tidy(median(values.map(norm)))];
  return { ...untold(tensor), mode: "float", floorScale, floorL2 };
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
 * The tolerance of every output: 8 x the largest deviation of any alternative from the reference, per metric; outputs that are
 * no floats must be equal.
 * @throws SuretyError `INFERENCE_CALIBRATION_NOT_FINITE`, `INFERENCE_CALIBRATION_DISAGREES`
 */
export function tolerances({ reference, alternatives }: HonestRuns): OutputTolerance[] {
  const outputs = reference[0]!.map((tensor) => withFloors(reference, tensor));
  const most = (unit: { tauMax: number; tauL2: number }) => {
    const measured = outputs.map((output) => (output.mode === "float" ? { ...output, ...unit } : output));
    const all = alternatives.map((runs) => worst(measured, runs, reference));
    return (name: string, least: number) => tidy(S * Math.max(least, ...all.map((found) => found.get(name) ?? 0)));
  };
  const byMax = most({ tauMax: 1, tauL2: Number.POSITIVE_INFINITY });
  const byL2 = most({ tauMax: Number.POSITIVE_INFINITY, tauL2: 1 });
  return outputs.map((output) => {
    const { name, mode } = output;
    if (mode === "float") return { ...output, tauMax: byMax(name, LEAST_MAX), tauL2: byL2(name, LEAST_L2) };
    if (byMax(name, 0) === 0) return output;
    const message = `Honest runtimes differ in output "${name}", which must be exact.`;
    throw new SuretyError("INFERENCE_CALIBRATION_DISAGREES", message);
  });
}

/** The outputs of class `exact`: no tolerance at all. */
export const exactOutputs = (reference: Tensor[][]): OutputTolerance[] => reference[0]!.map(untold);

/** Largest deviation over the outputs of each honest run from the reference, in units of tau, ascending. */
export function honestDeviations({ outputs }: Draft, { reference, alternatives }: HonestRuns): number[] {
  const profile = { outputs: outputs.filter(({ mode }) => mode === "float") } as ToleranceProfile;
  const floatsOf = (run: Tensor[]) => run.filter(({ name }) => profile.outputs.some((output) => output.name === name));
  const found = alternatives.flatMap((runs) =>
    runs.map((run, i) => Math.max(...deviation(floatsOf(run), reference[i]!, profile).map(({ dev }) => dev))),
  );
  return found.sort((a, b) => a - b);
}
