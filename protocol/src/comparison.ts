import { deviation, type OutputDeviation } from "./deviation.ts";
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
  /** True if the inputs are in the domain and native and WASM within tau of each other: the panel test needs both. */
  sound: boolean;
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

function judge(
  { inDomain, profile }: ComparisonInput,
  native: OutputDeviation[],
  wasm: OutputDeviation[],
  agree: boolean,
): [ComparisonVerdict, string] {
  if (!inDomain) return ["grey", "the inputs are outside the model's domain"];
  if (profile.class === "exact") {
    return within(native)
      ? ["match", "the bits of native"]
      : ["mismatch", "other bits than native; the class is exact"];
  }
  if (within(native)) return ["match", "within tau of native"];
  if (within(wasm)) return ["match", "within tau of WASM"];
  if (wrong(native) && wrong(wasm)) return ["mismatch", "wrong in kind against native and WASM"];
  if (!agree) return ["grey", "native and WASM disagree on this input"];
  if (beyond(native) && beyond(wasm)) return ["mismatch", "beyond the limit of native and of WASM, which agree"];
  return ["grey", "outside tau, but not beyond the limit of both"];
}

/**
 * Judges one inference (docs/protocol.md section 6). Match: every output within tau of native, or every output within tau
 * of WASM. Mismatch: native and WASM within tau of each other and some output beyond 4 tau of each (exact and arg-max
 * outputs: rejected by each), or names, shape, datatype or NaN pattern wrong against both. Everything else, and any input
 * outside the domain, is grey. Class exact: match if every output has the bits of native, which the caller runs as the
 * profile pins it, else mismatch; WASM has other bits and no say.
 * @throws SuretyError PROTOCOL_BAD_REFERENCE if native or WASM outputs do not fit the profile
 */
export function compare(input: ComparisonInput): Comparison {
  const { claim, profile, inDomain } = input;
  const native = deviation(claim, input.native, profile);
  const wasm = deviation(claim, input.wasm, profile);
  const agree =
    within(deviation(input.wasm, input.native, profile)) && within(deviation(input.native, input.wasm, profile));
  const [verdict, reason] = judge(input, native, wasm, agree);
  const outputs = native.map((o, i) => ({
    name: o.name,
    rule: o.rule,
    native: o.dev,
    wasm: wasm[i]!.dev,
    wrong: o.wrong ?? wasm[i]!.wrong,
  }));
  return { verdict, reason, sound: inDomain && agree, outputs };
}
