import { isFloat, type Tensor, toByteStrings, toFloats, toIntegers } from "@surety/protocol";

/** Limits of the ONNX backend tests: `|a - e| <= atol + rtol |e|`. */
export const RTOL = 1e-3;
export const ATOL = 1e-7;

/** Largest finite number of each type. */
const LARGEST: Readonly<Record<string, number>> = { FP16: 65_504, FP32: 2 ** 128 - 2 ** 104, FP64: Number.MAX_VALUE };

/**
 * `|a - e| <= atol + rtol |e|`, which an infinite `e` would make true of everything: it is met by itself and by the
 * type's largest number of its sign only, with which onnxruntime masks where the suite's own code masks with infinity.
 */
function close(actual: number, expected: number, largest: number): boolean {
  if (Object.is(actual, expected) || actual === expected) return true;
  if (!Number.isFinite(expected)) return actual === Math.sign(expected) * largest;
  return Math.abs(actual - expected) <= ATOL + RTOL * Math.abs(expected);
}

/** Elements of a tensor in a form that prints and compares. */
function elements(tensor: Tensor): ArrayLike<number | bigint | string> {
  if (isFloat(tensor.datatype)) return toFloats(tensor);
  if (tensor.datatype === "BYTES") return toByteStrings(tensor).map((text) => Buffer.from(text).toString());
  return toIntegers(tensor);
}

/**
 * Compares an output with the expected one as the ONNX backend tests do: floats within {@link RTOL} and {@link ATOL}, NaN
 * like NaN and infinity like itself; integers, booleans and strings exactly; datatype and shape, too.
 *
 * @returns what differs, or undefined if they agree
 */
export function disagreement(actual: Tensor, expected: Tensor): string | undefined {
  const label = `output "${expected.name}"`;
  if (actual.datatype !== expected.datatype) return `${label} is ${actual.datatype}, expected ${expected.datatype}`;
  if (`${actual.shape}` !== `${expected.shape}`) {
    return `${label} has shape [${actual.shape}], expected [${expected.shape}]`;
  }
  const [have, need] = [elements(actual), elements(expected)];
  const largest = LARGEST[expected.datatype] ?? 0;
  const wrong: number[] = [];
  for (let i = 0; i < need.length; i++) {
    const [a, e] = [have[i]!, need[i]!];
    if (!(typeof a === "number" && typeof e === "number" ? close(a, e, largest) : a === e)) wrong.push(i);
  }
  const [first] = wrong;
  if (first === undefined) return undefined;
  return `${label} differs in ${wrong.length} of ${need.length} elements: element ${first} is ${have[first]}, expected ${need[first]}`;
}
