import { deviation, type OutputTolerance, type Tensor, type ToleranceProfile } from "@surety/protocol";
import type { StoredModel } from "../model-store.ts";
import type { Runtime } from "../runtime.ts";
import { ORT_VERSION } from "../version.ts";
import { isaClass } from "./isa.ts";
import { floorsOf, leastLimit, METRICS, type Metric } from "./tolerance.ts";

/** What a model's calibration is reproduced with. */
export type ReproductionRequest = {
  model: Pick<StoredModel, "id" | "profile">;
  /** Runtimes that hold the model. */
  native: Pick<Runtime, "runMany">;
  wasm: Pick<Runtime, "runMany">;
  /** Another input each time, such as the model is used with; undefined if there is none to be had. */
  draw: () => Tensor[] | undefined;
};

/** Limits may be this many times one's own. */
const MOST = 2;
const CHUNK = 32;
/** Inputs after which medians are told. */
const LEAST_INPUTS = 64;
/** Inputs after which it is given up: the largest deviation grows slowly with their number. */
const MOST_INPUTS = 2_048;

/** What of a float output's limits honest runs so far do not bear out, in words, or null. */
function excess(
  output: OutputTolerance,
  S: number,
  reference: Tensor[][],
  found: Record<string, number>,
): string | null {
  const own = floorsOf(reference, output.name);
  for (const floor of ["floorScale", "floorL2"] as const) {
    if (output[floor] > MOST * own[floor]) return `${floor} ${output[floor]}, own is ${own[floor]}`;
  }
  for (const metric of Object.keys(METRICS) as Metric[]) {
    const mine = Math.max(leastLimit(output.datatype, metric), S * (found[metric] ?? 0));
    if (output[metric] > MOST * mine) return `${metric} ${output[metric]}, own is ${mine}`;
  }
  return null;
}

/**
 * Reproduces a model's calibration as far as a verifier needs it (docs/protocol.md section 6): draws inputs until this
 * machine's own limits, between native and WASM, are at least half of the profile's, 2,048 at most. Of a class-exact model
 * compares the runtime's version and the instruction set with those that it is pinned to.
 *
 * @returns why verdicts by this profile would not hold here, in words, or null if they do
 * @throws SuretyError what the runtimes throw; `INFERENCE_BAD_INPUT`
 */
export async function reproduceLimits({ model, native, wasm, draw }: ReproductionRequest): Promise<string | null> {
  const { id, profile } = model;
  if (profile.class === "exact") {
    const isa = isaClass();
    if (profile.ortVersion !== ORT_VERSION)
      return `it is pinned to ONNX Runtime ${profile.ortVersion}; here is ${ORT_VERSION}`;
    return profile.pinned!.isa === isa ? null : `it is pinned to ${profile.pinned!.isa}; this machine is ${isa}`;
  }
  const floats = profile.outputs.filter(({ mode }) => mode === "float");
  if (floats.length === 0) return null;
  const reference: Tensor[][] = [];
  const found = new Map(floats.map(({ name }) => [name, {} as Record<string, number>]));
  let why: string | null = null;
  while (reference.length < MOST_INPUTS) {
    const sets = Array.from({ length: CHUNK }, draw).filter((set) => set !== undefined);
    if (sets.length < CHUNK) return "there are no inputs to try it with";
    const [mine, other] = await Promise.all([native.runMany(id, sets), wasm.runMany(id, sets)]);
    reference.push(...mine);
    for (const metric of Object.keys(METRICS) as Metric[]) {
      const outputs = profile.outputs.map((o) => (o.mode === "float" ? { ...o, ...METRICS[metric] } : o));
      const limits: ToleranceProfile = { ...profile, outputs };
      for (const [i, outputs] of other.entries()) {
        for (const { name, dev, wrong } of deviation(outputs, mine[i]!, limits)) {
          const most = found.get(name);
          if (most !== undefined && wrong === null) most[metric] = Math.max(most[metric] ?? 0, dev);
        }
      }
    }
    if (reference.length < LEAST_INPUTS) continue;
    const exceeding = floats.map((o) => [o.name, excess(o, profile.S, reference, found.get(o.name)!)] as const);
    const first = exceeding.find(([, what]) => what !== null);
    if (first === undefined) return null;
    why = `output "${first[0]}" has ${first[1]} after ${reference.length} inputs; needs at most ${MOST} times one's own`;
  }
  return why;
}
