import { createHash } from "node:crypto";
import { tensorOf } from "@surety/inference";
import { elementCount, SuretyError, type Tensor } from "@surety/protocol";
import type { InputRule } from "./input-spec.ts";

/** Numbers in [0, 1) of 48 bits that depend on nothing but the seed and the purpose. */
export function seededUniform(seed: number, purpose: string): () => number {
  let counter = 0;
  let pool: number[] = [];
  return () => {
    if (pool.length === 0) {
      const digest = createHash("sha512").update(`surety.inputs:${seed}:${purpose}:${counter++}`).digest();
      pool = Array.from({ length: 10 }, (_, i) => digest.readUIntBE(6 * i, 6) / 2 ** 48);
    }
    return pool.pop()!;
  };
}

/** Standard normal by Box and Muller, from the half-open interval that has no logarithm of 0. */
const normal = (uniform: () => number) => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

function drawValue(rule: InputRule, uniform: () => number): number | string | boolean {
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
  const streams = rules.map(({ name }) => seededUniform(seed, name));
  return Array.from({ length: count }, () =>
    rules.map((rule, k) =>
      tensorOf(
        rule,
        Array.from({ length: sizes[k]! }, () => drawValue(rule, streams[k]!)),
      ),
    ),
  );
}
