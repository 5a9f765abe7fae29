import { setTimeout as sleep } from "node:timers/promises";
import { SuretyError, type Tensor } from "@surety/protocol";
import { nodeFlags } from "./cage.ts";
import { answerProblem } from "./check-outputs.ts";
import type { Optimization, Reply, Request, RuntimeKind } from "./child/messages.ts";
import { type Child, entryOf, startChild } from "./child-process.ts";
import type { MemoryBudget } from "./memory-budget.ts";

/** Where a runtime tells of its children's lives; pino's loggers fit. */
export type RuntimeLog = { info(facts: object, message: string): void; warn(facts: object, message: string): void };

/** A model as a worker takes it: read by the gate already. */
export type GatedModel = { readonly id: string; readonly bytes: Uint8Array };

/** What a worker is made with; units as in `RuntimeOptions`. */
export type WorkerOptions = {
  kind: RuntimeKind;
  optimization: Optimization;
  timeoutMs: number;
  outputBytes: number;
  words: readonly string[];
  directory: string;
  budget: MemoryBudget;
  log: RuntimeLog | undefined;
};

/** One place for a child process: starts it when a call needs it, and again after it has ended. Calls run in order. */
export type Worker = {
  /** Loads a model, unless the child holds it already. */
  load: (model: GatedModel) => Promise<void>;
  /** Runs sets of inputs, loading the model first if need be. */
  run: (model: GatedModel, sets: Tensor[][]) => Promise<Tensor[][]>;
  /** Frees a model in the child, if it is there. */
  unload: (id: string) => Promise<void>;
  /** Resident bytes of the child now; 0 without one. */
  memory: () => Promise<number>;
  /** Resident bytes that the child last told, also after its end: the best guess at what the next one will take. */
  lastMemory: () => number;
  /** When a call last began, on the clock of `performance.now()`. */
  lastUsed: () => number;
  pid: () => number | undefined;
  pending: () => number;
  /** Ends the child, which frees all that it holds; the next call starts another. Only for a worker without calls. */
  rest: () => void;
  /** Kills the child; calls in flight and later ones fail with `INFERENCE_CLOSED`. Resolves when it is gone. */
  close: () => Promise<void>;
};

const START_MS = 60_000;
/** Deaths in a row that cost nothing: one bad input among good ones, and its repetition. */
const FREE_DEATHS = 2;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8000;

/**
 * Milliseconds before a child is started again after `deaths` in a row without a result in between. A model that kills
 * every process must not become a storm of processes; a few bad inputs must not cost good ones their turn, so calls wait
 * and are not refused.
 */
export const pauseAfter = (deaths: number): number =>
  deaths <= FREE_DEATHS ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (deaths - FREE_DEATHS - 1));

/** What calls to a closed runtime fail with. */
export const closedError = () => new SuretyError("INFERENCE_CLOSED", "The runtime is closed; create another one.");

/** Creates a worker; no process starts yet. */
export function createWorker(options: WorkerOptions): Worker {
  const { kind, optimization, timeoutMs, outputBytes, words, directory, budget, log } = options;
  let child: Child | undefined;
  /** Ids of the models that `child` holds. */
  let loaded = new Set<string>();
  const closing = new AbortController();
  const isClosed = () => closing.signal.aborted;
  let pending = 0;
  let deaths = 0;
  let lastMemory = 0;
  let lastUsed = 0;
  let tail: Promise<unknown> = Promise.resolve();

  const start = async (): Promise<Child> => {
    const ms = pauseAfter(deaths);
    if (ms > 0) {
      log?.warn({ kind, deaths, ms }, "the inference process died again and again: waiting before the next one");
      await sleep(ms, undefined, { signal: closing.signal }).catch(() => undefined);
    }
    if (isClosed()) throw closedError();
    budget.makeRoom(worker);
    const startedAt = performance.now();
    child = await startChild({
      entry: entryOf(kind),
      name: kind,
      words,
      flags: nodeFlags(kind),
      directory,
      startMs: START_MS,
    });
    loaded = new Set();
    log?.info({ kind, pid: child.pid, ms: Math.round(performance.now() - startedAt) }, "inference process started");
    if (isClosed()) await child.kill();
    return child;
  };
  const ready = async (): Promise<Child> => {
    if (isClosed()) throw closedError();
    return child?.alive() ? child : start();
  };
  const ask = async (to: Child, request: Request, code: string): Promise<Reply> => {
    const reply = await to.request(request, timeoutMs).catch((error: unknown) => {
      throw isClosed() ? closedError() : error;
    });
    if (reply.op === "broken") {
      throw new SuretyError(code, `The ${kind} runtime answered ${reply.problem}; it was ended.`);
    }
    if (reply.op === "error") throw new SuretyError(code, `The ${kind} runtime refused: ${reply.message}`);
    return reply;
  };
  const note = (reply: { rss: number }): void => {
    lastMemory = reply.rss;
    budget.makeRoom(worker);
  };
  /** Ends the child of a worker whose memory alone is beyond the budget. */
  const isTooLarge = async (holder: Child): Promise<boolean> => {
    if (lastMemory <= budget.bytes) return false;
    await holder.kill();
    return true;
  };
  /** The child, with the model in it; what is asked of it next fails if it dies in between. */
  const holding = async ({ id, bytes }: GatedModel): Promise<Child> => {
    const holder = await ready();
    lastUsed = performance.now();
    if (loaded.has(id)) return holder;
    const reply = await ask(holder, { op: "load", id, model: bytes, optimization }, "INFERENCE_LOAD_FAILED");
    if (reply.op !== "load") throw new SuretyError("INFERENCE_LOAD_FAILED", `The ${kind} runtime gave ${reply.op}.`);
    loaded.add(id);
    note(reply);
    if (await isTooLarge(holder)) {
      const have = `Model ${id} takes a ${kind} process of ${lastMemory} resident bytes`;
      const message = `${have}; the budget for all is ${budget.bytes}. Raise the budget, or leave the model out.`;
      throw new SuretyError("INFERENCE_OVER_BUDGET", message);
    }
    return holder;
  };
  /** Queues a call: a failure of one is nothing to the next. */
  const inOrder = <T>(call: () => Promise<T>): Promise<T> => {
    pending += 1;
    const result = tail.then(call).finally(() => {
      pending -= 1;
    });
    tail = result.catch((error: unknown) => {
      if (error instanceof SuretyError && error.code === "INFERENCE_CHILD_DIED") deaths += 1;
    });
    return result;
  };

  const worker: Worker = {
    load: (model) =>
      inOrder(async () => {
        await holding(model);
      }),
    run: (model, sets) =>
      inOrder(async () => {
        const holder = await holding(model);
        const reply = await ask(holder, { op: "run", id: model.id, sets, outputBytes }, "INFERENCE_RUN_FAILED");
        const problem =
          reply.op === "run" ? answerProblem(reply.sets, sets.length, outputBytes) : `"${reply.op}" as a result`;
        if (reply.op !== "run" || problem !== null) {
          await holder.kill();
          throw new SuretyError("INFERENCE_RUN_FAILED", `The ${kind} runtime answered ${problem}; it was ended.`);
        }
        deaths = 0;
        note(reply);
        // What has been computed counts; the memory does not stay.
        await isTooLarge(holder);
        return reply.sets;
      }),
    unload: (id) =>
      inOrder(async () => {
        if (!child?.alive() || !loaded.delete(id)) return;
        const reply = await ask(child, { op: "unload", id }, "INFERENCE_RUN_FAILED");
        if (reply.op === "unload") note(reply);
      }),
    memory: () =>
      inOrder(async () => {
        if (!child?.alive()) return 0;
        const reply = await ask(child, { op: "memory" }, "INFERENCE_RUN_FAILED");
        if (reply.op === "memory") note(reply);
        return lastMemory;
      }),
    lastMemory: () => lastMemory,
    lastUsed: () => lastUsed,
    pid: () => (child?.alive() ? child.pid : undefined),
    pending: () => pending,
    rest: () => {
      if (!child?.alive()) return;
      log?.info({ kind, pid: child.pid, bytes: lastMemory }, "inference process ended, its memory is free");
      void child.kill();
    },
    close: async () => {
      closing.abort();
      budget.leave(worker);
      await child?.kill();
      // A call may be starting a process just now: it ends it, too.
      await tail;
    },
  };
  budget.join(worker);
  return worker;
}
