import { DATATYPES, type Datatype, isFloat, MAX_RANK, SuretyError, type TensorSpec } from "@surety/protocol";
// By path: the package keeps its readers to itself.
import { createReaders, type Reader } from "../../../protocol/src/parse.ts";
import { inFile, readJson } from "./files.ts";

/** How the values of one input are drawn, as a specification file says it. */
type Drawing = { name: string; shape: number[] } & (
  | { distribution: "uniform"; min: number; max: number }
  | { distribution: "normal"; mean: number; sd: number }
  | { distribution: "integers"; min: number; max: number }
  | { distribution: "choice"; values: (number | string | boolean)[] }
);

const { refuse: malformed, object, list, text, number, oneOf } = createReaders("CALIBRATE_BAD_SPEC");

const finite = number(() => true, "a finite number");
const integer = number(Number.isSafeInteger, "an integer within 2^53");
const dimension = number((n) => Number.isSafeInteger(n) && n >= 1, "a whole number from 1");
const label = text(/^.{1,256}$/su, "1 to 256 characters");
const word: Reader<number | string | boolean> = (value, at) =>
  typeof value === "boolean"
    ? value
    : typeof value === "string"
      ? text(/^.{0,65536}$/su, "text")(value, at)
      : finite(value, at);

const named = { name: label, shape: list(dimension, 0, MAX_RANK), distribution: label };
const RULES = {
  uniform: object({ ...named, min: finite, max: finite }),
  normal: object({ ...named, mean: finite, sd: number((n) => n >= 0, "a number of at least 0") }),
  integers: object({ ...named, min: integer, max: integer }),
  choice: object({ ...named, values: list(word, 1, 10_000) }),
};

const drawing: Reader<Drawing> = (value, at) => {
  const { distribution } = (value ?? {}) as { distribution?: unknown };
  const kind = oneOf(Object.keys(RULES) as (keyof typeof RULES)[])(distribution, `${at}.distribution`);
  const rule = RULES[kind](value, at) as Drawing;
  if ("min" in rule && rule.min > rule.max) throw malformed(`${at}.min`, rule.min, `at most max, ${rule.max}`);
  return rule;
};

const document = object<{ inputs: Drawing[] }>({ inputs: list(drawing, 1, 64) });

/** How one input of a model is drawn: its shape in full, its datatype from the model. */
export type InputRule = Drawing & { datatype: Datatype };

const refuse = (message: string) => new SuretyError("CALIBRATE_BAD_SPEC", message);

/** The least and greatest value of integer datatypes. What a double cannot hold exactly is left out. */
function rangeOf(datatype: Datatype): [number, number] {
  if (datatype === "BOOL") return [0, 1];
  const bits = Math.min(8 * DATATYPES[datatype].size, 53);
  return datatype.startsWith("U") ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/** What a rule could draw that its datatype cannot hold, in words, or null. */
function unfit(rule: InputRule): string | null {
  const { datatype, distribution } = rule;
  if (datatype === "BYTES") {
    const texts = distribution === "choice" && rule.values.every((value) => typeof value === "string");
    return texts ? null : "a choice of texts";
  }
  if (distribution === "choice" && rule.values.some((value) => typeof value === "string")) return "numbers";
  if (isFloat(datatype)) return null;
  const [least, most] = rangeOf(datatype);
  const holds = (x: number) => Number.isInteger(x) && x >= least && x <= most;
  const drawn =
    distribution === "integers" ? [rule.min, rule.max] : distribution === "choice" ? rule.values.map(Number) : [];
  return drawn.length > 0 && drawn.every(holds) ? null : `integers, or a choice of them, from ${least} to ${most}`;
}

const shown = ({ datatype, shape }: TensorSpec) => `${datatype} [${shape}]`;

/** Fits rules to a model's inputs: the same names, shapes that fill what is free, values that the datatype holds. */
function fit(where: string, rules: readonly Drawing[], inputs: readonly TensorSpec[]): InputRule[] {
  const names = inputs.map(({ name }) => name).join(", ");
  const [stranger] = rules.filter(({ name }) => !inputs.some((input) => input.name === name));
  if (stranger !== undefined) throw refuse(`${where} has input "${stranger.name}"; the model has ${names}.`);
  return inputs.map((input) => {
    const [found, second] = rules.filter(({ name }) => name === input.name);
    if (found === undefined || second !== undefined)
      throw refuse(
        `${where} has input "${input.name}" ${found ? "twice" : "not at all"}; needs each of ${names} once.`,
      );
    const { shape } = found;
    const fits = shape.length === input.shape.length && input.shape.every((d, i) => d === -1 || d === shape[i]);
    if (!fits) {
      throw refuse(
        `${where}: the shape of "${input.name}" is [${shape}]; needs to fit ${shown(input)}, -1 being free.`,
      );
    }
    const rule = { ...found, datatype: input.datatype };
    const need = unfit(rule);
    if (need !== null)
      throw refuse(`${where}: "${input.name}" is ${input.datatype} and cannot hold what is drawn; needs ${need}.`);
    return rule;
  });
}

/**
 * Reads how to draw a model's inputs: `{ "inputs": [{ "name", "shape", "distribution", ... }] }`, one entry per input,
 * with its shape in full. Distributions: `uniform` (min, max), `normal` (mean, sd), `integers` (min, max, both included),
 * `choice` (values).
 *
 * @throws SuretyError `FILE_*`, `CALIBRATE_BAD_SPEC`
 */
export async function readSpec(path: string, inputs: readonly TensorSpec[]): Promise<InputRule[]> {
  const json = await readJson(path);
  const { inputs: rules } = inFile(path, () => document(json, "spec"));
  return fit(path, rules, inputs);
}

/**
 * How inputs are drawn if nobody says: standard normal for floats, 0 or 1 for booleans and integers, 1 for each free
 * dimension. Real inputs are better: a model's honest deviations depend on what it is fed.
 *
 * @throws SuretyError `CALIBRATE_BAD_SPEC` for inputs of text, which have no default
 */
export function defaultSpec(inputs: readonly TensorSpec[]): InputRule[] {
  return inputs.map(({ name, datatype, shape }) => {
    if (datatype === "BYTES")
      throw refuse(`Input "${name}" holds text, which has no default; give --inputs or --spec with a choice of texts.`);
    const full = { name, datatype, shape: shape.map((d) => (d === -1 ? 1 : d)) };
    return isFloat(datatype)
      ? { ...full, distribution: "normal", mean: 0, sd: 1 }
      : { ...full, distribution: "integers", min: 0, max: 1 };
  });
}
