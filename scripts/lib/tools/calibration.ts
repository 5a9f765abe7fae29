import { calibrate, createRuntime, ORT_VERSION, type Runtime } from "@surety/inference";
import type { Tensor, ToleranceProfile } from "@surety/protocol";
import type { Progress } from "./progress.ts";

/** What to calibrate, with what. */
type Request = { model: Uint8Array; inputs: Tensor[][]; seed: number };

/**
 * Calibrates a model on native ONNX Runtime with full optimisation against native without and WASM, each in a process of
 * its own.
 *
 * @param timeoutMs milliseconds that one call of up to 32 inputs may take
 * @throws SuretyError what `calibrate` of @surety/inference throws
 */
export async function calibrateModel(
  request: Request,
  timeoutMs: number,
  progress: Progress,
): Promise<ToleranceProfile> {
  const [reference, repeat] = [1, 2].map(() => createRuntime({ kind: "native", timeoutMs })) as [Runtime, Runtime];
  const alternatives = {
    [`native@${ORT_VERSION} opt=disabled`]: createRuntime({ kind: "native", optimization: "disabled", timeoutMs }),
    [`wasm@${ORT_VERSION} opt=all`]: createRuntime({ kind: "wasm", timeoutMs }),
  };
  try {
    return (await calibrate({ ...request, reference, repeat, alternatives, onProgress: progress.at })).profile;
  } finally {
    progress.end();
    await Promise.all([reference, repeat, ...Object.values(alternatives)].map((runtime) => runtime.close()));
  }
}
