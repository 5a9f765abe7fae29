import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { SuretyError } from "@surety/protocol";
import { headOf, PIPE, type Request, type RequestHead, type RuntimeKind, writeHead } from "./child/messages.ts";
import { createReplyReader, type Outcome, type ReplyReader } from "./read-reply.ts";

/** What a child is started with. */
export type ChildOptions = {
  /** Module that the child runs. */
  entry: string;
  /** What errors call it. */
  name: string;
  /** Words before the program and flags of Node: see `cage.ts`. */
  words: readonly string[];
  flags: readonly string[];
  /** Working directory, which must be empty: the native runtime resolves relative paths of a model here. */
  directory: string;
  /** Milliseconds until a child that has not reported ready is killed. */
  startMs: number;
};

/** A running child: one request at a time. */
export type Child = {
  /** Process id; where processes are hidden from the child, that of the tool which started it and ends with it. */
  readonly pid: number;
  readonly alive: () => boolean;
  /** Sends one request; past `timeoutMs` the child is killed and the request fails. After an answer that is broken, it is killed. */
  request: (request: Request, timeoutMs: number) => Promise<Outcome>;
  /** Kills the child with SIGKILL; a request in flight fails. Resolves when it is gone. */
  kill: () => Promise<void>;
};

const STDERR_KEPT = 2000;
const unasked: Outcome = { op: "broken", problem: "without being asked" };

/** Module of a runtime's child, with this file's own extension, so that the compiled package starts compiled children. */
export function entryOf(kind: RuntimeKind): string {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return fileURLToPath(new URL(`./child/${kind}.${extension}`, import.meta.url));
}

function start({ entry, words, flags, directory }: ChildOptions): ChildProcess {
  const [program = process.execPath, ...rest] = [...words, process.execPath, ...flags, entry];
  return spawn(program, rest, { cwd: directory, env: {}, stdio: ["ignore", "ignore", "pipe", "pipe"] });
}

/** A request as it goes through the pipe: a head, then the bytes of a model or of tensors. */
function partsOf(request: Request): Uint8Array[] {
  const parts = (head: RequestHead, ...bytes: Uint8Array[]) => [writeHead(head), ...bytes];
  if (request.op === "load") {
    const { model, ...rest } = request;
    return parts({ ...rest, bytes: model.byteLength }, model);
  }
  if (request.op !== "run") return parts(request);
  const { sets } = request;
  return parts({ ...request, sets: sets.map((set) => set.map(headOf)) }, ...sets.flat().map(({ data }) => data));
}

/**
 * Starts a child process holding one ONNX Runtime: empty environment, empty directory, bounded heap.
 *
 * An idle child does not keep the parent running.
 *
 * @throws SuretyError `INFERENCE_CHILD_DIED` or `INFERENCE_TIMEOUT`, both retryable
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const child = start(options);
  // A process that could not be started for want of file descriptors has none.
  const pipe = child.stdio?.[PIPE] as Socket | undefined;
  let stderr = "";
  let settle: ((outcome: Outcome | SuretyError) => void) | undefined;
  /** Of the request in flight. */
  let reader: ReplyReader | undefined;
  let gone = false;

  const died = (how: string) => {
    gone = true;
    const said = stderr.trim() === "" ? "" : ` It said: ${stderr.trim()}`;
    const message = `The ${options.name} runtime's process ${how}. Try again.${said}`;
    settle?.(new SuretyError("INFERENCE_CHILD_DIED", message, { retryable: true }));
  };
  const exited = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      died(signal === null ? `ended with code ${code}` : `was killed by ${signal}`);
      resolve();
    });
    child.on("error", (error) => {
      died(`failed: ${error.message}`);
      if (child.pid === undefined) resolve();
    });
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  pipe?.on("data", (chunk: Buffer<ArrayBuffer>) => {
    if (gone) return;
    const outcome = reader === undefined ? unasked : reader.take(chunk);
    // Given back at once: left to the garbage collector, what large outputs came in costs more than all else that is done here.
    if (chunk.length === chunk.buffer.byteLength) chunk.buffer.transfer(0);
    if (outcome !== undefined) settle?.(outcome);
    if (outcome?.op === "broken") kill();
  });
  // The end of the process tells more than that of its pipe.
  pipe?.on("error", () => {});

  const kill = () => {
    gone = true;
    child.ref();
    child.kill("SIGKILL");
    return exited;
  };
  const keepParent = (keep: boolean) => {
    const handles = [child, pipe, child.stderr as Socket | null];
    for (const handle of handles) keep ? handle?.ref() : handle?.unref();
  };
  const exchange = (request: Request | undefined, timeoutMs: number): Promise<Outcome> =>
    new Promise((resolve, reject) => {
      keepParent(true);
      const timer = setTimeout(() => {
        const message = `The ${options.name} runtime took longer than ${timeoutMs} ms and was killed. Try again.`;
        settle?.(new SuretyError("INFERENCE_TIMEOUT", message, { retryable: true }));
        kill();
      }, timeoutMs);
      settle = (outcome) => {
        settle = undefined;
        reader = undefined;
        clearTimeout(timer);
        keepParent(false);
        outcome instanceof SuretyError ? reject(outcome) : resolve(outcome);
      };
      if (gone) return died("is gone");
      reader = createReplyReader(request);
      if (request === undefined) return;
      pipe?.cork();
      for (const part of partsOf(request)) pipe?.write(part);
      pipe?.uncork();
    });

  await exchange(undefined, options.startMs);
  return {
    pid: child.pid ?? 0,
    alive: () => !gone,
    request: exchange,
    kill,
  };
}
