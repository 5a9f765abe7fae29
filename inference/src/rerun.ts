import { SuretyError, type Tensor } from "@surety/protocol";
import type { Runtime } from "./runtime.ts";

/** Outputs of one set of inputs from both runtimes, as `compare` of @surety/protocol wants them. */
export type Rerun = { native: Tensor[]; wasm: Tensor[] };

/** Runs inputs on both runtimes; see {@link createRerunner}. */
export type Rerunner = (modelId: string, inputs: Tensor[][]) => Promise<Rerun[]>;

/**
 * Creates what a verifier re-executes with: the native and the WASM runtime side by side, each in its own process. The
 * model must be loaded in both.
 *
 * @returns a function that gives the outputs of every set of inputs, in order; it throws what the runtimes throw
 */
export function createRerunner({ native, wasm }: { native: Runtime; wasm: Runtime }): Rerunner {
  if (native.kind !== "native" || wasm.kind !== "wasm") {
    const message = `A rerunner needs a native and a wasm runtime; has ${native.kind} and ${wasm.kind}.`;
    throw new SuretyError("INFERENCE_WRONG_RUNTIME", message);
  }
  return async (modelId, inputs) => {
    const [mine, other] = await Promise.all([native.runMany(modelId, inputs), wasm.runMany(modelId, inputs)]);
    return inputs.map((_, i) => ({ native: mine[i]!, wasm: other[i]! }));
  };
}
