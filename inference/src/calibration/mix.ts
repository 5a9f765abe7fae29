import { floatTensor, type Tensor, toFloats } from "@surety/protocol";
import { seededRandom } from "./random.ts";

/**
 * Adds inputs until there are `count`: each a mixture x_i + w (x_k - x_i) of two given ones, in double precision and rounded to
 * the tensor's type. Tensors that are not FP32 or FP64, or whose shapes differ, are those of i.
 * @param seed equal seeds give equal inputs
 */
export function mixInputs(inputs: readonly Tensor[][], count: number, seed: number): Tensor[][] {
  const random = seededRandom(seed);
  const pick = () => inputs[Math.floor(random() * inputs.length)]!;
  const mixed = Array.from({ length: Math.max(0, count - inputs.length) }, () => {
    const [first, second, w] = [pick(), pick(), random()];
    return first.map((tensor) => mix(tensor, second.find(({ name }) => name === tensor.name)!, w));
  });
  return [...inputs, ...mixed];
}

function mix(a: Tensor, b: Tensor, w: number): Tensor {
  const mixes = (a.datatype === "FP32" || a.datatype === "FP64") && a.shape.join() === b.shape.join();
  if (!mixes) return a;
  const [x, y] = [toFloats(a), toFloats(b)];
  return floatTensor(
    a.name,
    a.shape,
    x.map((v, i) => v + w * (y[i]! - v)),
    a.datatype as "FP32" | "FP64",
  );
}
