import { tensorOf } from "@surety/inference";
import { elementCount, SuretyError, type Tensor } from "@surety/protocol";
import { type Random, seededRandom } from "../random.ts";
import type { InputRule } from "./input-spec.ts";

/** Standard normal by Box and Muller, from the half-open interval that has no logarithm of 0. */
const normal = (uniform: Random) => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

function drawOne(rule: InputRule, uniform: Random): number | string | boolean {
  if (rule.distribution === "uniform") return rule.min + uniform() * (rule.max - rule.min);
  if (rule.distribution === "normal") return rule.mean + rule.sd * normal(uniform);
  if (rule.distribution === "integers") return rule.min + Math.floor(uniform() * (rule.max - rule.min + 1));
  return rule.values[Math.floor(uniform() * rule.values.length)]!;
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
      tensorOf(
        rule,
        Array.from({ length: sizes[k]! }, () => drawOne(rule, streams[k]!)),
      ),
    ),
  );
}
