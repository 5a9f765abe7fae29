import { bitwise, deviation, type OutputDeviation } from "./deviation.ts";
import type { ComparisonMode, ToleranceProfile } from "./profile.ts";
import type { Tensor } from "./tensor.ts";

export { deviation, type OutputDeviation } from "./deviation.ts";

/** What a comparison says: a fault needs `mismatch`; `grey` is never one. */
export type ComparisonVerdict = "match" | "grey" | "mismatch";

/** One output against both runtimes. */
export type OutputComparison = {
  name: string;
  rule: ComparisonMode;
  /** Deviation from native in units of tau. */
  native: number;
  /** Deviation from WASM in units of tau. */
  wasm: number;
  /** Why it is wrong in kind against either, or null. */
  wrong: string | null;
};

/** A verdict with its numbers. */
export type Comparison = {
  verdict: ComparisonVerdict;
  reason: string;
  /** Whether the deviations say something: the inputs are in the domain, and native and WASM agree on them or both match. */
  judged: boolean;
  outputs: OutputComparison[];
};

/** What is compared: a provider's outputs with one's own from two runtimes on the same inputs. */
export type ComparisonInput = {
  /** The provider's outputs, untrusted. */
  claim: readonly Tensor[];
  native: readonly Tensor[];
  wasm: readonly Tensor[];
  profile: ToleranceProfile;
  /** Whether the inputs are those that the model was calibrated for. */
  inDomain: boolean;
};

/** A float output further than this many tau from both runtimes is wrong; between is grey. */
export const BEYOND = 4;

const within = (all: readonly OutputDeviation[]): boolean => all.every((o) => o.dev <= 1);
const beyond = (all: readonly OutputDeviation[]): boolean => all.some((o) => o.dev > (o.rule === "float" ? BEYOND : 1));
const wrong = (all: readonly OutputDeviation[]): boolean => all.some((o) => o.wrong !== null);

/** Whether native and WASM lie within tau of each other, whichever of them is the measure. */
const agree = ({ native, wasm, profile }: ComparisonInput): boolean =>
  within(deviation(wasm, native, profile)) && within(deviation(native, wasm, profile));

function judge(judged: boolean, native: OutputDeviation[], wasm: OutputDeviation[]): [ComparisonVerdict, string] {
  if (within(native)) return ["match", "within tau of native"];
  if (within(wasm)) return ["match", "within tau of WASM"];
  if (wrong(native) && wrong(wasm)) return ["mismatch", "wrong in kind against native and WASM"];
  if (!judged) return ["grey", "native and WASM disagree on this input"];
  if (beyond(native) && beyond(wasm)) return ["mismatch", "beyond the limit of native and of WASM, which agree"];
  return ["grey", "outside tau, but not beyond the limit of both"];
}

/**
 * Judges one inference (docs/protocol.md section 6). Match: every output within tau of native, or every output within tau
 * of WASM. Mismatch: native and WASM within tau of each other and some output beyond 4 tau of each (exact and arg-max
 * outputs: rejected by each), or names, shape, datatype or NaN pattern wrong against both. Everything else, and any input
 * outside the domain, is grey. In class `exact` the native run is the only measure, bit for bit: whoever judges runs the
 * pinned configuration, and WASM has other kernels.
 * @throws SuretyError PROTOCOL_BAD_REFERENCE if native or WASM outputs do not fit the profile
 */
export function compare(input: ComparisonInput): Comparison {
  const { claim, profile, inDomain } = input;
  const isExact = profile.class === "exact";
  const native = isExact ? bitwise(claim, input.native, profile) : deviation(claim, input.native, profile);
  const wasm = isExact ? native : deviation(claim, input.wasm, profile);
  // Within tau of both is as good as their agreement for what deviations say, and spares two more comparisons.
  const judged = inDomain && (isExact || (within(native) && within(wasm)) || agree(input));
  const [verdict, reason] = inDomain
    ? isExact
      ? judgeExact(native)
      : judge(judged, native, wasm)
    : (["grey", "the inputs are outside the model's domain"] as const);
  const outputs = native.map((o, i) => ({
    name: o.name,
    rule: o.rule,
    native: o.dev,
    wasm: wasm[i]!.dev,
    wrong: o.wrong ?? wasm[i]!.wrong,
  }));
  return { verdict, reason, judged, outputs };
}

const judgeExact = (native: OutputDeviation[]): [ComparisonVerdict, string] =>
  within(native) ? ["match", "equal to native bit for bit"] : ["mismatch", "not equal to native bit for bit"];
