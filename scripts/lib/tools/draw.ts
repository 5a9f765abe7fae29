import {
  bytesTensor,
  checkTensor,
  DATATYPES,
  type Datatype,
  elementCount,
  floatTensor,
  isFloat,
  SuretyError,
  type Tensor,
} from "@surety/protocol";
import { type Random, seededRandom } from "../../demo/random.ts";
import type { InputRule } from "./input-spec.ts";

/** Standard normal by Box and Muller, from the half-open interval that has no logarithm of 0. */
const normal = (uniform: Random) => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

function drawOne(rule: InputRule, uniform: Random): number | string | boolean {
  if (rule.distribution === "uniform") return rule.min + uniform() * (rule.max - rule.min);
  if (rule.distribution === "normal") return rule.mean + rule.sd * normal(uniform);
  if (rule.distribution === "integers") return rule.min + Math.floor(uniform() * (rule.max - rule.min + 1));
  return rule.values[Math.floor(uniform() * rule.values.length)]!;
}

const WRITERS: Record<
  Exclude<Datatype, "BYTES" | "FP16" | "FP32" | "FP64">,
  (v: DataView, at: number, x: number) => void
> = {
  BOOL: (v, at, x) => v.setUint8(at, x),
  UINT8: (v, at, x) => v.setUint8(at, x),
  INT8: (v, at, x) => v.setInt8(at, x),
  UINT16: (v, at, x) => v.setUint16(at, x, true),
  INT16: (v, at, x) => v.setInt16(at, x, true),
  UINT32: (v, at, x) => v.setUint32(at, x, true),
  INT32: (v, at, x) => v.setInt32(at, x, true),
  UINT64: (v, at, x) => v.setBigUint64(at, BigInt(x), true),
  INT64: (v, at, x) => v.setBigInt64(at, BigInt(x), true),
};

function toTensor({ name, shape, datatype }: InputRule, values: (number | string | boolean)[]): Tensor {
  if (datatype === "BYTES") return bytesTensor(name, shape, values.map(String));
  const numbers = values.map(Number);
  if (datatype === "FP16") {
    const data = new Uint8Array(2 * numbers.length);
    const view = new DataView(data.buffer) as DataView & { setFloat16(at: number, x: number, little: boolean): void };
    for (const [i, x] of numbers.entries()) view.setFloat16(2 * i, x, true);
    return checkTensor({ name, datatype, shape, data });
  }
  if (isFloat(datatype)) return floatTensor(name, shape, numbers, datatype as "FP32" | "FP64");
  const { size } = DATATYPES[datatype];
  const data = new Uint8Array(size * numbers.length);
  const view = new DataView(data.buffer);
  for (const [i, x] of numbers.entries()) WRITERS[datatype as keyof typeof WRITERS](view, size * i, x);
  return checkTensor({ name, datatype, shape, data });
}

/** Most values of all inputs together: half a gigabyte of float32. */
const MAX_VALUES = 2 ** 27;

/**
 * Draws inputs by rules. Equal seeds draw equal inputs, on every machine.
 *
 * @throws SuretyError `CALIBRATE_TOO_LARGE` if they would have more than 2^27 values
 */
export function drawInputs(rules: readonly InputRule[], count: number, seed: number): Tensor[][] {
  const sizes = rules.map(({ shape }) => elementCount(shape) ?? Number.POSITIVE_INFINITY);
  const values = count * sizes.reduce((sum, size) => sum + size, 0);
  if (values > MAX_VALUES) {
    const message = `${count} inputs would have ${values} values, at most ${MAX_VALUES}. Draw fewer, or of smaller shapes.`;
    throw new SuretyError("CALIBRATE_TOO_LARGE", message);
  }
  const streams = rules.map(({ name }) => seededRandom(seed, `input ${name}`));
  return Array.from({ length: count }, () =>
    rules.map((rule, k) =>
      toTensor(
        rule,
        Array.from({ length: sizes[k]! }, () => drawOne(rule, streams[k]!)),
      ),
    ),
  );
}
