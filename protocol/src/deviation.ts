import { distance, largestFinite, ratio, shortfall, spanOf } from "./distance.ts";
import { SuretyError } from "./errors.ts";
import type { ComparisonMode, OutputTolerance, ToleranceProfile } from "./profile.ts";
import { isFloat, type Tensor, tensorProblem } from "./tensor.ts";
import { toIntegers, viewFloats } from "./tensor-values.ts";

/** How far one output lies from a reference. */
export type OutputDeviation = {
  name: string;
  rule: ComparisonMode;
  /**
   * In units of the tolerance: at most 1 is accepted. For `exact` 0 or Infinity; for `margin` how far the claimed index's
   * score lies below the best, in units of 2 tau scale.
   */
  dev: number;
  /** Why the output is wrong in kind (missing, shape, datatype, NaN pattern), or null. Then `dev` is Infinity. */
  wrong: string | null;
};

/** How far the scores of claimed indices lie below the best ones, in units of 2 tau scale: arg-max ties may fall either way. */
function marginDeviation(claim: Tensor, own: Tensor, scores: Tensor, tolerance: OutputTolerance): number {
  const picked = toIntegers(claim);
  const best = toIntegers(own);
  const logits = viewFloats(scores);
  if (picked.length === 0) return 0;
  const width = logits.length / picked.length;
  if (!Number.isInteger(width)) throw badReference(`${scores.name} does not divide into ${picked.length} rows`);
  const scale = Math.max(largestFinite(logits), tolerance.floorScale);
  let worst = 0;
  for (const [row, k] of picked.entries()) {
    if (k === best[row]) continue;
    if (k < 0n || k >= BigInt(width)) return Number.POSITIVE_INFINITY;
    const gap = shortfall(logits, row * width, width, Number(k));
    worst = Math.max(worst, ratio(gap, 2 * tolerance.tauMax * scale));
  }
  return worst;
}

const badReference = (why: string): SuretyError =>
  new SuretyError(
    "PROTOCOL_BAD_REFERENCE",
    `the reference outputs do not fit the profile: ${why}. Run the model again`,
  );

function referenceOf(reference: readonly Tensor[], o: OutputTolerance): Tensor {
  const t = reference.find((r) => r.name === o.name);
  if (t === undefined) throw badReference(`output ${o.name} is missing`);
  const problem = tensorProblem(t);
  if (problem !== null) throw badReference(problem);
  if (t.datatype !== o.datatype) throw badReference(`${o.name} is ${t.datatype}, calibrated was ${o.datatype}`);
  return t;
}

/** By Node's own comparison: outputs are large, most honest answers are equal to the bit, and a loop takes thirty times as long. */
const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Judges a claimed output of the right name, shape and datatype against one's own. */
type Measure = (claim: Tensor, own: Tensor, o: OutputTolerance) => Omit<OutputDeviation, "name" | "rule">;

const differs = (isEqual: boolean) => ({ dev: isEqual ? 0 : Number.POSITIVE_INFINITY, wrong: null });

function one(
  outputs: readonly Tensor[],
  reference: readonly Tensor[],
  o: OutputTolerance,
  measure: Measure,
): OutputDeviation {
  const own = referenceOf(reference, o);
  const wrong = (why: string): OutputDeviation => ({
    name: o.name,
    rule: o.mode,
    dev: Number.POSITIVE_INFINITY,
    wrong: why,
  });
  const [claim, second] = outputs.filter((t) => t?.name === o.name);
  if (claim === undefined) return wrong("missing");
  if (second !== undefined) return wrong("given twice");
  const problem = tensorProblem(claim);
  if (problem !== null) return wrong(problem);
  const same = claim.datatype === own.datatype && claim.shape.join() === own.shape.join();
  if (!same) return wrong(`${claim.datatype} [${claim.shape}], needs ${own.datatype} [${own.shape}]`);
  return { name: o.name, rule: o.mode, ...measure(claim, own, o) };
}

/** By tolerance, value or margin, as the output's mode says. */
const byMode =
  (reference: readonly Tensor[], profile: ToleranceProfile): Measure =>
  (claim, own, o) => {
    if (isFloat(claim.datatype)) {
      if (equalBytes(claim.data, own.data)) return differs(true);
      const [values, ours] = [viewFloats(claim), viewFloats(own)];
      const span = spanOf(values, ours);
      if (span.broken >= 0) {
        const why = `element ${span.broken} is ${values[span.broken]}, the reference's is ${ours[span.broken]}`;
        return { dev: Number.POSITIVE_INFINITY, wrong: why };
      }
      if (o.mode === "float") return { dev: distance(values, ours, span, o), wrong: null };
      // By value: -0 is 0, and one NaN is as good as another.
      return differs(span.furthest === 0);
    }
    const linked = o.mode === "margin" ? profile.outputs.find((p) => p.name === o.logits) : undefined;
    if (linked === undefined) return differs(equalBytes(claim.data, own.data));
    return { dev: marginDeviation(claim, own, referenceOf(reference, linked), linked), wrong: null };
  };

function each(
  outputs: readonly Tensor[],
  reference: readonly Tensor[],
  profile: ToleranceProfile,
  measure: Measure,
): OutputDeviation[] {
  const known = profile.outputs.map((o) => one(outputs, reference, o, measure));
  const extra = outputs.find((t) => !profile.outputs.some((o) => o.name === t?.name));
  if (extra === undefined) return known;
  const name = typeof extra?.name === "string" ? extra.name : "";
  return [...known, { name, rule: "exact", dev: Number.POSITIVE_INFINITY, wrong: "no output of the model" }];
}

/**
 * How far claimed outputs lie from a reference, one entry per output of the profile, then one for an output that the model
 * does not have. In float64: max |difference| / max(max |reference|, floorScale) over tauMax, and the relative L2
 * difference with its floor over tauL2, whichever is more.
 * @param outputs from a stranger: anything malformed becomes `wrong`
 * @throws SuretyError PROTOCOL_BAD_REFERENCE if the reference itself does not fit the profile
 */
export const deviation = (
  outputs: readonly Tensor[],
  reference: readonly Tensor[],
  profile: ToleranceProfile,
): OutputDeviation[] => each(outputs, reference, profile, byMode(reference, profile));

/** As {@link deviation} for class `exact`: 0 where the bytes are equal, Infinity where one bit differs. */
export const bitwise = (
  outputs: readonly Tensor[],
  reference: readonly Tensor[],
  profile: ToleranceProfile,
): OutputDeviation[] => each(outputs, reference, profile, (claim, own) => differs(equalBytes(claim.data, own.data)));
