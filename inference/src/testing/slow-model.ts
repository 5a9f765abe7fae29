import { buildModel, longs, node, value } from "./build-onnx.ts";

/**
 * An honest-looking model that passes the gate and takes minutes: squares a `size` x `size` matrix made from its input
 * `times` times over.
 */
export function slowModel(size = 2048, times = 200): Uint8Array {
  const squares = Array.from({ length: times }, (_, i) => node("MatMul", [`m${i}`, `m${i}`], [`m${i + 1}`]));
  return buildModel({
    name: "slow",
    node: [
      node("ReduceMean", ["x"], ["mean"]),
      node("Expand", ["mean", "size"], ["m0"]),
      ...squares,
      node("ReduceMean", [`m${times}`], ["y"]),
    ],
    initializer: [longs("size", [2], [BigInt(size), BigInt(size)])],
    input: [value("x", ["batch", 3])],
    output: [value("y", [1, 1])],
  });
}
