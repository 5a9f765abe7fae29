import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SuretyError, type Tensor } from "@surety/protocol";
import { openCage } from "./cage.ts";
import { checkOutputs } from "./check-outputs.ts";
import { checkInputs } from "./check-tensors.ts";
import type { Optimization, RuntimeKind } from "./child/messages.ts";
import { type GatePolicy, inspectModel, type ModelSpec, SERVING } from "./gate.ts";
import { createMemoryBudget, DEFAULT_BUDGET_BYTES, type MemoryBudget } from "./memory-budget.ts";
import { closedError, createWorker, type GatedModel, type RuntimeLog, type Worker } from "./worker.ts";

/** How to make a runtime. */
export type RuntimeOptions = {
  kind: RuntimeKind;
  /** Graph rewriting, part of the tolerance profile's configuration. Default "all". */
  optimization?: Optimization;
  /** Milliseconds one call may take in the child before it is killed; waiting in the queue does not count. */
  timeoutMs: number;
  log?: RuntimeLog;
  /**
   * One process for all models instead of one for each: less memory and fewer processes, but one core, and a model that
   * kills the process or outstays its time makes the others start again. Default false.
   */
  sharedProcess?: boolean;
  /** Resident bytes of the processes together; runtimes may share one budget. Default: 4 GiB for this runtime alone. */
  budget?: MemoryBudget;
  /**
   * Bytes of writable memory of one process, where the system can bound them. Node reserves over half a gigabyte of them
   * for itself. Default 2 GiB, at least 1 GiB.
   */
  memoryBytes?: number;
  /** Bytes the outputs of one call may have together. Default 64 MiB. */
  outputBytes?: number;
  /** Which models the gate lets pass. Default `SERVING`. */
  policy?: GatePolicy;
  /** The gate: reads a model, or refuses it with a SuretyError. Default `inspectModel` under `policy`. */
  inspect?: (model: Uint8Array) => ModelSpec;
};

/**
 * ONNX Runtime in processes of its own, one thread each: one process per model, or one for all. Calls of one process run
 * in order.
 */
export type Runtime = {
  readonly kind: RuntimeKind;
  /**
   * Passes the model through the gate and loads it. The same id with the same bytes is loaded once.
   *
   * @throws SuretyError `INFERENCE_MODEL_*` from the gate, `INFERENCE_MODEL_ID_TAKEN`, `INFERENCE_LOAD_FAILED`,
   * `INFERENCE_OVER_BUDGET` if the process is larger than the budget for all of them
   */
  load: (id: string, model: Uint8Array) => Promise<ModelSpec>;
  /**
   * Runs one set of inputs.
   *
   * @returns the outputs in the model's order, bytes as the runtime gave them
   * @throws SuretyError `INFERENCE_UNKNOWN_MODEL`, `INFERENCE_BAD_INPUT`, `INFERENCE_RUN_FAILED`; retryable:
   * `INFERENCE_TIMEOUT`, `INFERENCE_CHILD_DIED`
   */
  run: (id: string, inputs: Tensor[]) => Promise<Tensor[]>;
  /** Runs several sets of inputs in one message; the outputs are bit for bit those of single runs. */
  runMany: (id: string, sets: Tensor[][]) => Promise<Tensor[][]>;
  /** Forgets a model and frees what it took; calls for it that still wait fail. Unknown ids are no error. */
  unload: (id: string) => Promise<void>;
  /** Process ids of the children that run. */
  pids: () => number[];
  /** Resident bytes of the children that run, together. */
  memory: () => Promise<number>;
  /** Calls waiting or running. */
  pending: () => number;
  /** Kills the children; calls in flight and later ones fail with `INFERENCE_CLOSED`. */
  close: () => Promise<void>;
};

/** Most writable memory of one child, if the options name none: 2 GiB. */
export const DEFAULT_MEMORY_BYTES = 2 * 2 ** 30;

const LEAST_MEMORY_BYTES = 2 ** 30;

/** A model with the worker that holds it; `spec` once it has been loaded. */
type Place = GatedModel & { worker: Worker; loading: number; spec?: ModelSpec };

/**
 * Creates a runtime: ONNX Runtime behind the gate, in processes that start with the first call for a model, are killed
 * when a call takes too long or the memory budget needs their room, and are started again by the next call.
 *
 * @throws SuretyError `INFERENCE_BAD_BUDGET` if `memoryBytes` is too small
 */
export function createRuntime(options: RuntimeOptions): Runtime {
  const { kind, optimization = "all", timeoutMs, log, sharedProcess = false, policy = SERVING } = options;
  const { inspect = (model) => inspectModel(model, policy) } = options;
  const { memoryBytes = DEFAULT_MEMORY_BYTES, outputBytes = 64 * 2 ** 20 } = options;
  if (!Number.isSafeInteger(memoryBytes) || memoryBytes < LEAST_MEMORY_BYTES) {
    const message = `A process may have ${memoryBytes} bytes of memory; needs a whole number from ${LEAST_MEMORY_BYTES}.`;
    throw new SuretyError("INFERENCE_BAD_BUDGET", message);
  }
  const budget = options.budget ?? createMemoryBudget(DEFAULT_BUDGET_BYTES);
  const { words } = openCage(memoryBytes);
  const directory = mkdtempSync(join(tmpdir(), "surety-inference-"));
  const places = new Map<string, Place>();
  /** By model id; of a shared process there is one. */
  const workers = new Map<string, Worker>();
  let closed = false;

  const workerFor = (id: string): Worker => {
    const key = sharedProcess ? "" : id;
    const known = workers.get(key);
    if (known !== undefined) return known;
    const worker = createWorker({ kind, optimization, timeoutMs, outputBytes, words, directory, budget, log });
    workers.set(key, worker);
    return worker;
  };
  const placeOf = (id: string, model: Uint8Array): Place => {
    const known = places.get(id);
    if (known === undefined) {
      const place = { id, bytes: new Uint8Array(model), worker: workerFor(id), loading: 0 };
      places.set(id, place);
      return place;
    }
    if (Buffer.compare(known.bytes, model) === 0) return known;
    const message = `Another model is loaded as ${id}; give this one an id of its own.`;
    throw new SuretyError("INFERENCE_MODEL_ID_TAKEN", message);
  };

  const load = async (id: string, model: Uint8Array): Promise<ModelSpec> => {
    const spec = inspect(model);
    if (closed) throw closedError();
    const place = placeOf(id, model);
    place.loading += 1;
    try {
      await place.worker.load(place);
      place.spec = spec;
    } finally {
      place.loading -= 1;
      if (place.spec === undefined && place.loading === 0) {
        places.delete(id);
        // The worker stays: it remembers how often its process died of this model.
        if (!sharedProcess && place.worker.pending() === 0) place.worker.rest();
      }
    }
    return spec;
  };
  const unload = async (id: string): Promise<void> => {
    const place = places.get(id);
    if (place === undefined) return;
    places.delete(id);
    if (sharedProcess) return place.worker.unload(id);
    workers.delete(id);
    await place.worker.close();
  };
  const runMany = async (id: string, sets: Tensor[][]): Promise<Tensor[][]> => {
    const place = places.get(id);
    if (place?.spec === undefined) {
      throw new SuretyError("INFERENCE_UNKNOWN_MODEL", `Model ${id} is not loaded; load it first.`);
    }
    const { inputs, outputs } = place.spec;
    for (const set of sets) checkInputs(inputs, set, policy.leastDimension);
    if (sets.length === 0) return [];
    const results = await place.worker.run(place, sets);
    for (const set of results) checkOutputs(outputs, set);
    return results;
  };

  const all = () => [...workers.values()];
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  return {
    kind,
    load,
    run: async (id, inputs) => (await runMany(id, [inputs]))[0]!,
    runMany,
    unload,
    pids: () => all().flatMap((worker) => worker.pid() ?? []),
    memory: async () => sum(await Promise.all(all().map((worker) => worker.memory()))),
    pending: () => sum(all().map((worker) => worker.pending())),
    close: async () => {
      closed = true;
      await Promise.all(all().map((worker) => worker.close()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
