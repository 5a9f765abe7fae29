import { createRuntime, type Runtime, type RuntimeLog } from "@surety/inference";
import { gather } from "./gather.ts";
import type { Backend, BackendFactory, ServedModel } from "./model.ts";

/** How models run. */
export type NativeBackendOptions = {
  /** Milliseconds one inference may take before its process is killed. */
  timeoutMs: number;
  log: RuntimeLog;
  /** One process for all models instead of one for each: less memory, and one core. Default false. */
  shared?: boolean;
};

/** Backends on the reference runtime: ONNX Runtime in processes of their own, which end with the backend. */
export function createNativeBackend({ timeoutMs, log, shared = false }: NativeBackendOptions): BackendFactory {
  let common: { runtime: Runtime; users: number } | undefined;

  const acquire = (): { runtime: Runtime; release: () => Promise<void> } => {
    const start = () => createRuntime({ kind: "native", timeoutMs, log });
    if (!shared) {
      const runtime = start();
      return { runtime, release: () => runtime.close() };
    }
    common ??= { runtime: start(), users: 0 };
    const used = common;
    used.users += 1;
    const release = async (): Promise<void> => {
      used.users -= 1;
      if (used.users > 0) return;
      common = undefined;
      await used.runtime.close();
    };
    return { runtime: used.runtime, release };
  };

  return async ({ modelId, onnx }: ServedModel): Promise<Backend> => {
    const { runtime, release } = acquire();
    try {
      await runtime.load(modelId, onnx);
    } catch (error) {
      await release();
      throw error;
    }
    return { run: gather(runtime, modelId), close: release };
  };
}
