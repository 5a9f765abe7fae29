import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SuretyError, type Tensor } from "@surety/protocol";
import { cage } from "./cage.ts";
import { checkInputs } from "./check-tensors.ts";
import type { Optimization, Reply, Request, RuntimeKind } from "./child/messages.ts";
import { type Child, startChild } from "./child-process.ts";
import { type GatePolicy, inspectModel, type ModelSpec, SERVING } from "./gate.ts";

/** Where a runtime tells of its child's life; pino's loggers fit. */
export type RuntimeLog = { info(facts: object, message: string): void; warn(facts: object, message: string): void };

/** How to make a runtime. */
export type RuntimeOptions = {
  kind: RuntimeKind;
  /** Graph rewriting, part of the tolerance profile's configuration. Default "all". */
  optimization?: Optimization;
  /** Milliseconds one call may take in the child before it is killed; waiting in the queue does not count. */
  timeoutMs: number;
  log?: RuntimeLog;
  /** Which models the gate lets pass. Default `SERVING`. */
  policy?: GatePolicy;
  /** Bytes of writable memory of the child, where the system can bound them. Default 2 GiB. */
  memoryBytes?: number;
  /** Bytes the outputs of one call may have together. Default 64 MiB. */
  outputBytes?: number;
};

/** One child process with ONNX Runtime in it and any number of models loaded, one thread. Calls run in order. */
export type Runtime = {
  readonly kind: RuntimeKind;
  /**
   * Passes the model through the gate and loads it. The same id with the same bytes is loaded once.
   *
   * @throws SuretyError `INFERENCE_MODEL_*` from the gate, `INFERENCE_MODEL_ID_TAKEN`, `INFERENCE_LOAD_FAILED`
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
  /** Process id of the child, undefined while there is none. */
  pid: () => number | undefined;
  /** Resident bytes of the child. Starts it if there is none. */
  memory: () => Promise<number>;
  /** Calls waiting or running. */
  pending: () => number;
  /** Kills the child; calls in flight and later ones fail with `INFERENCE_CLOSED`. */
  close: () => Promise<void>;
};

const START_MS = 60_000;
const closedError = () => new SuretyError("INFERENCE_CLOSED", "The runtime is closed; create another one.");

/**
 * Creates a runtime: ONNX Runtime in a process of its own, behind the gate. The process starts with the first call,
 * is killed when a call takes too long, and is started again, with its models, by the next call.
 */
export function createRuntime(options: RuntimeOptions): Runtime {
  const { kind, optimization = "all", timeoutMs, log, policy = SERVING } = options;
  const { memoryBytes = 2 * 2 ** 30, outputBytes = 64 * 2 ** 20 } = options;
  const words = cage(memoryBytes);
  if (words.length === 0)
    log?.warn({ kind }, "no unshare, setpriv or prlimit here: the child is bounded by time alone");
  const directory = mkdtempSync(join(tmpdir(), "surety-inference-"));
  const models = new Map<string, { bytes: Uint8Array; spec: ModelSpec }>();
  let child: Child | undefined;
  /** Ids of the models that `child` holds. */
  let loaded = new Set<string>();
  let closed = false;
  let pending = 0;
  let tail: Promise<unknown> = Promise.resolve();

  const ready = async (): Promise<Child> => {
    if (closed) throw closedError();
    if (child?.alive()) return child;
    const startedAt = performance.now();
    child = await startChild({ kind, cage: words, directory, startMs: START_MS });
    loaded = new Set();
    log?.info({ kind, pid: child.pid, ms: Math.round(performance.now() - startedAt) }, "inference process started");
    if (closed) await child.kill();
    return child;
  };
  const ask = async (to: Child, request: Request, code: string): Promise<Reply> => {
    const reply = await to.request(request, timeoutMs).catch((error: unknown) => {
      throw closed ? closedError() : error;
    });
    if (reply.op === "error") throw new SuretyError(code, `The ${kind} runtime refused: ${reply.message}`);
    return reply;
  };
  /** The child, with the model in it; what is asked of it next fails if it dies in between. */
  const holding = async (id: string, bytes: Uint8Array): Promise<Child> => {
    const holder = await ready();
    if (loaded.has(id)) return holder;
    await ask(holder, { op: "load", id, model: bytes, optimization }, "INFERENCE_LOAD_FAILED");
    loaded.add(id);
    return holder;
  };
  /** Queues a call: a failure of one is nothing to the next. */
  const inOrder = <T>(call: () => Promise<T>): Promise<T> => {
    pending += 1;
    const result = tail.then(call).finally(() => {
      pending -= 1;
    });
    tail = result.catch(() => undefined);
    return result;
  };

  const runMany = async (id: string, sets: Tensor[][]): Promise<Tensor[][]> => {
    const model = models.get(id);
    if (model === undefined)
      throw new SuretyError("INFERENCE_UNKNOWN_MODEL", `Model ${id} is not loaded; load it first.`);
    for (const inputs of sets) checkInputs(model.spec.inputs, inputs, policy.leastDimension);
    if (sets.length === 0) return [];
    return inOrder(async () => {
      const holder = await holding(id, model.bytes);
      const reply = await ask(holder, { op: "run", id, sets, outputBytes }, "INFERENCE_RUN_FAILED");
      if (reply.op !== "run")
        throw new SuretyError("INFERENCE_RUN_FAILED", `The ${kind} runtime answered ${reply.op}.`);
      return reply.sets;
    });
  };

  return {
    kind,
    load: async (id, model) => {
      const spec = inspectModel(model, policy);
      const bytes = new Uint8Array(model);
      return inOrder(async () => {
        const known = models.get(id);
        if (known !== undefined && Buffer.compare(known.bytes, bytes) !== 0) {
          const message = `Another model is loaded as ${id}; give this one an id of its own.`;
          throw new SuretyError("INFERENCE_MODEL_ID_TAKEN", message);
        }
        await holding(id, bytes);
        models.set(id, { bytes, spec });
        return spec;
      });
    },
    run: async (id, inputs) => (await runMany(id, [inputs]))[0]!,
    runMany,
    pid: () => (child?.alive() ? child.pid : undefined),
    memory: () =>
      inOrder(async () => {
        const reply = await ask(await ready(), { op: "memory" }, "INFERENCE_RUN_FAILED");
        return reply.op === "memory" ? reply.rss : 0;
      }),
    pending: () => pending,
    close: async () => {
      closed = true;
      await child?.kill();
      // A call may be starting a process just now: it ends it, too.
      await tail;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
