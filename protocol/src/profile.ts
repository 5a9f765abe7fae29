import { type Hex, keccak256, stringToBytes } from "viem";
import { canonicalJson } from "./canonical-json.ts";
import { type Panel, panelReader } from "./panel.ts";
import { createReaders, type Reader } from "./parse.ts";
import { type CheatPower, powerReader } from "./power.ts";
import { DATATYPES, type Datatype, isFloat } from "./tensor.ts";

/**
 * How an output is compared: `float` within tolerances, `exact` value for value, `margin` for an arg-max index whose
 * scores are the output named by `logits`.
 */
export type ComparisonMode = "float" | "exact" | "margin";

/** Tolerance of one output tensor. The four numbers are 0 unless mode is `float`. */
export type OutputTolerance = {
  name: string;
  datatype: Datatype;
  mode: ComparisonMode;
  /** Least scale that deviations are divided by: the median over calibration inputs of max |reference|. */
  floorScale: number;
  /** Least norm that they are divided by: the median of the reference's L2 norm. */
  floorL2: number;
  /** Largest honest max |difference| / scale, times S. */
  tauMax: number;
  /** Largest honest relative L2 difference, times S. */
  tauL2: number;
  /** Margin mode only: the float output that the index is the arg-max of, over its last axis. */
  logits?: string;
};

/** What calibration found: how far honest runs of a model differ, and how far cheats do. */
export type ToleranceProfile = {
  v: 1;
  /** SHA-256 of the ONNX file. */
  modelHash: Hex;
  ortVersion: string;
  /** Configurations compared with the reference: opt=disabled, WASM and others. */
  configs: string[];
  /** Calibration inputs, at least 64. */
  C: number;
  /** Seed that they were drawn by. */
  seed: number;
  /** Safety factor. */
  S: number;
  outputs: OutputTolerance[];
  class?: "tolerance" | "exact";
  pinned?: { optimization: "all"; isa: string };
  panel?: Panel;
  epochs?: number;
  power: CheatPower[];
};

/** Fewest calibration inputs: fewer were seen to refuse honest runs. */
export const LEAST_CALIBRATION = 64;
/** Largest tauMax for FP32 outputs (docs/protocol.md section 6). */
export const TAU_LIMIT = 1e-4;
/** Cheats must deviate this many times tauMax for a profile to have power. */
export const LEAST_POWER = 4;

const readers = createReaders("PROTOCOL_BAD_PROFILE");
const { refuse, object, map, list, text, number, oneOf } = readers;

const label = text(/^.{1,256}$/su, "1 to 256 characters");
const amount = number((n) => n >= 0, "a number of at least 0");
const whole = (min: number, max: number): Reader<number> =>
  number((n) => Number.isInteger(n) && n >= min && n <= max, `an integer from ${min} to ${max}`);

const tolerance = object<OutputTolerance>(
  {
    name: label,
    datatype: oneOf(Object.keys(DATATYPES) as Datatype[]),
    mode: oneOf(["float", "exact", "margin"] as const),
    floorScale: amount,
    floorL2: amount,
    tauMax: amount,
    tauL2: amount,
    logits: label,
  },
  ["logits"],
);

const document = object<ToleranceProfile>(
  {
    v: oneOf([1] as const),
    modelHash: text<Hex>(/^0x[0-9a-f]{64}$/, "0x and 64 lower-case hex digits"),
    ortVersion: label,
    configs: list(label, 1, 32),
    C: whole(LEAST_CALIBRATION, 1_000_000),
    seed: whole(0, Number.MAX_SAFE_INTEGER),
    S: number((n) => n >= 1 && n <= 32, "a number from 1 to 32"),
    outputs: list(tolerance, 1, 64),
    class: oneOf(["tolerance", "exact"] as const),
    pinned: object<{ optimization: "all"; isa: string }>({ optimization: oneOf(["all"] as const), isa: label }),
    panel: panelReader(readers),
    epochs: whole(1000, 1_000_000),
    power: (value, at) =>
      Array.isArray(value) ? powerReader(readers)(value, at) : (map(amount)(value, at) as unknown as CheatPower[]),
  },
  ["class", "pinned", "panel", "epochs"],
);

function checkOutput(o: OutputTolerance, at: string, outputs: OutputTolerance[]): void {
  if (o.mode === "float") {
    if (!isFloat(o.datatype)) throw refuse(`${at}.mode`, o.mode, `exact or margin for ${o.datatype}`);
    if (o.tauMax === 0 || o.tauL2 === 0) throw refuse(`${at}.tauMax and tauL2`, 0, "numbers above 0 in float mode");
    if (o.datatype !== "FP16" && o.tauMax > TAU_LIMIT) {
      throw refuse(
        `${at}.tauMax`,
        o.tauMax,
        `at most ${TAU_LIMIT}: above it honest and cheap runs cannot be told apart`,
      );
    }
  } else if (o.floorScale + o.floorL2 + o.tauMax + o.tauL2 !== 0) {
    throw refuse(`${at}.tauMax, tauL2 and floors`, "set", `0 in ${o.mode} mode`);
  }
  if (o.mode !== "margin" && o.logits !== undefined)
    throw refuse(`${at}.logits`, o.logits, "to be absent unless margin");
  if (o.mode !== "margin") return;
  if (isFloat(o.datatype) || o.datatype === "BYTES")
    throw refuse(`${at}.datatype`, o.datatype, "integers in margin mode");
  const scores = outputs.find((other) => other.name === o.logits);
  if (scores?.mode !== "float") throw refuse(`${at}.logits`, o.logits, "the name of an output in float mode");
}

/**
 * Reads an untrusted tolerance profile strictly: unknown fields, a tauMax above 1e-4, fewer than 64 calibration inputs, a
 * margin output without its scores, or cheats that came within four times every tolerance are refused.
 * @throws SuretyError PROTOCOL_BAD_PROFILE
 */
export function checkProfile(value: unknown): ToleranceProfile {
  const profile = document(value, "profile");
  for (const [i, o] of profile.outputs.entries()) {
    const at = `profile.outputs[${i}]`;
    if (profile.outputs.findIndex((other) => other.name === o.name) !== i)
      throw refuse(`${at}.name`, o.name, "distinct names");
    checkOutput(o, at, profile.outputs);
  }
  const taus = profile.outputs.filter((o) => o.mode === "float").map((o) => o.tauMax);
  const least = LEAST_POWER * Math.min(...taus);
  for (const [cheat, deviation] of Object.entries(profile.power)) {
    if (typeof deviation !== "number") continue;
    if (taus.length > 0 && deviation < least)
      throw refuse(`profile.power.${cheat}`, deviation, `at least ${least}, or mode exact`);
  }
  return profile;
}

/** keccak256 of the profile's canonical JSON: what stands on chain. */
export const profileHash = (profile: ToleranceProfile): Hex =>
  keccak256(stringToBytes(canonicalJson(checkProfile(profile))));
