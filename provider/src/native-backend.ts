import {
  createMemoryBudget,
  createRuntime,
  DEFAULT_BUDGET_BYTES,
  type Runtime,
  type RuntimeLog,
} from "@surety/inference";
import { gather } from "./gather.ts";
import type { Backend, BackendFactory, ServedModel } from "./model.ts";

/** How models run. */
export type NativeBackendOptions = {
  /** Milliseconds one inference may take before its process is killed. */
  timeoutMs: number;
  log: RuntimeLog;
  /** One process for all models instead of one for each: less memory, and one core. Default false. */
  sharedProcess?: boolean;
  /** Resident bytes of the processes together. Default 4 GiB. */
  memoryBudgetBytes?: number;
};

/** Backends on the reference runtime: ONNX Runtime in processes of its own, which end with the backends. */
export function createNativeBackend(options: NativeBackendOptions): BackendFactory {
  const { timeoutMs, log, sharedProcess = false, memoryBudgetBytes = DEFAULT_BUDGET_BYTES } = options;
  const budget = createMemoryBudget(memoryBudgetBytes);
  let common: { runtime: Runtime; users: number } | undefined;

  return async ({ modelId, onnx }: ServedModel): Promise<Backend> => {
    common ??= { runtime: createRuntime({ kind: "native", timeoutMs, log, sharedProcess, budget }), users: 0 };
    const used = common;
    used.users += 1;
    const close = async (): Promise<void> => {
      used.users -= 1;
      if (used.users > 0) return used.runtime.unload(modelId);
      common = undefined;
      await used.runtime.close();
    };
    try {
      await used.runtime.load(modelId, onnx);
    } catch (error) {
      await close();
      throw error;
    }
    return { run: gather(used.runtime, modelId), close };
  };
}
