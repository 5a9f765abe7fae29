import { type Hex, keccak256, stringToBytes } from "viem";
import { canonicalJson } from "./canonical-json.ts";
import { createReaders, type Reader } from "./parse.ts";
import { BATTERY, type CheatPower, readPower, SAMPLE_COUNTS, type SampleCount } from "./power.ts";
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

/**
 * How a model's answers are judged: `tolerance`, or `exact`, bit for bit under a pinned configuration, for models whose
 * honest runs on other hardware cannot be told from cheap copies.
 */
export type ModelClass = "tolerance" | "exact";

/** What makes outputs of class `exact` equal bit for bit, beside the runtime's version. */
export type Pinned = {
  /** Graph rewriting of the runtime. */
  optimization: "all";
  /** Instruction-set class, such as `x86-64-v4`: kernels are chosen by it. */
  isa: string;
};

/** What the panel test compares with. */
export type PanelCalibration = {
  /**
   * Deviations of honest runs from the reference, in units of tau, ascending: of each calibration input and alternative, or
   * 512 of them at equal distances in rank.
   */
  honest: number[];
  /** Factor by which hardware that calibration did not see may deviate more. */
  stretch: number;
  /** p value below which a panel fails. */
  alpha: number;
  /** Fewest samples that are judged. */
  least: number;
  /** Share of simulated honest epochs that fail, by number of samples. */
  falseAlarms: Record<SampleCount, number>;
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
  class: ModelClass;
  /** Class `exact` only. */
  pinned?: Pinned;
  /** Absent in class `exact`, and where no output is a float. */
  panel?: PanelCalibration;
  /** Epochs simulated for each probability of {@link CheatPower} and for false alarms. */
  simulated: number;
  /** What the battery of cheats showed, one entry per cheat that changes the model's answers. */
  power: CheatPower[];
};

/** Fewest calibration inputs: fewer were seen to refuse honest runs. */
export const LEAST_CALIBRATION = 64;
/** Largest tauMax for FP32 outputs (docs/protocol.md section 6). */
export const TAU_LIMIT = 1e-4;
/** Most honest deviations that a profile keeps for the panel test. */
export const MOST_HONEST = 512;

const { refuse, object, list, text, number, oneOf } = createReaders("PROTOCOL_BAD_PROFILE");

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

const rate = number((n) => n >= 0 && n <= 1, "a share from 0 to 1");
const pinned = object<Pinned>({
  optimization: oneOf(["all"] as const),
  isa: text(/^[a-z0-9-]{1,32}$/, "1 to 32 of a-z, 0-9, -"),
});
const panel = object<PanelCalibration>({
  honest: list(amount, 1, MOST_HONEST),
  stretch: number((n) => n >= 1 && n <= 8, "a number from 1 to 8"),
  alpha: number((n) => n > 0 && n <= 0.01, "a number above 0, at most 0.01"),
  least: whole(2, Number(SAMPLE_COUNTS[0])),
  falseAlarms: object<Record<SampleCount, number>>({ 12: rate, 24: rate, 48: rate }),
});

const fields = {
  v: oneOf([1] as const),
  modelHash: text<Hex>(/^0x[0-9a-f]{64}$/, "0x and 64 lower-case hex digits"),
  ortVersion: label,
  configs: list(label, 1, 32),
  C: whole(LEAST_CALIBRATION, 1_000_000),
  seed: whole(0, Number.MAX_SAFE_INTEGER),
  S: number((n) => n >= 1 && n <= 32, "a number from 1 to 32"),
  outputs: list(tolerance, 1, 64),
  class: oneOf(["tolerance", "exact"] as const),
  pinned,
  panel,
  simulated: whole(1_000, 1_000_000),
  power: list(readPower, 1, BATTERY.length),
};
const document = object<ToleranceProfile>(fields, ["pinned", "panel"]);

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

/** What belongs together: a class with what it needs and nothing else, honest deviations in order, a cheat once. */
function checkParts({ class: kind, pinned, panel, outputs, power }: ToleranceProfile): void {
  const isExact = kind === "exact";
  if (isExact !== (pinned !== undefined)) throw refuse("profile.pinned", pinned, "to be there in class exact alone");
  const other = outputs.find(({ mode }) => mode !== "exact");
  if (isExact && other !== undefined)
    throw refuse(`profile.outputs.${other.name}.mode`, other.mode, "exact in class exact");
  const judgesFloats = outputs.some(({ mode }) => mode === "float");
  if (judgesFloats !== (panel !== undefined))
    throw refuse("profile.panel", panel, "to be there where a float is compared");
  const honest = panel?.honest ?? [];
  const at = honest.findIndex((d, i) => i > 0 && d < honest[i - 1]!);
  if (at >= 0) throw refuse(`profile.panel.honest[${at}]`, honest[at], "ascending deviations");
  for (const [i, { cheat }] of power.entries()) {
    const twice = power.findIndex((entry) => entry.cheat === cheat) !== i;
    if (twice) throw refuse(`profile.power[${i}].cheat`, cheat, "distinct cheats");
  }
}

/**
 * Reads an untrusted tolerance profile strictly: unknown fields, a tauMax above 1e-4, fewer than 64 calibration inputs, a
 * margin output without its scores, a class without its parts, or a cheat that the profile does not see are refused.
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
  checkParts(profile);
  return profile;
}

/** keccak256 of the profile's canonical JSON: what stands on chain. */
export const profileHash = (profile: ToleranceProfile): Hex =>
  keccak256(stringToBytes(canonicalJson(checkProfile(profile))));
