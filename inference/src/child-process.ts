import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { SuretyError } from "@surety/protocol";
import type { Reply, Request, RuntimeKind } from "./child/messages.ts";

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
  /** Sends one request; past `timeoutMs` the child is killed and the request fails. */
  request: (request: Request, timeoutMs: number) => Promise<Reply>;
  /** Kills the child with SIGKILL; a request in flight fails. Resolves when it is gone. */
  kill: () => Promise<void>;
};

const STDERR_KEPT = 2000;

/** Module of a runtime's child, with this file's own extension, so that the compiled package starts compiled children. */
export function entryOf(kind: RuntimeKind): string {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return fileURLToPath(new URL(`./child/${kind}.${extension}`, import.meta.url));
}

function spawn({ entry, words, flags, directory }: ChildOptions): ChildProcess {
  const [execPath = process.execPath, ...rest] = words;
  return fork(entry, [], {
    execPath,
    execArgv: [...rest, ...(words.length > 0 ? [process.execPath] : []), ...flags],
    cwd: directory,
    env: {},
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
}

/**
 * Starts a child process holding one ONNX Runtime: empty environment, empty directory, bounded heap.
 *
 * An idle child does not keep the parent running.
 *
 * @throws SuretyError `INFERENCE_CHILD_DIED` or `INFERENCE_TIMEOUT`, both retryable
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const child = spawn(options);
  let stderr = "";
  let settle: ((outcome: Reply | SuretyError) => void) | undefined;
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
  child.on("message", (reply: Reply) => settle?.(reply));

  const kill = () => {
    gone = true;
    child.ref();
    child.kill("SIGKILL");
    return exited;
  };
  const keepParent = (keep: boolean) => {
    const handles = [child, child.channel, child.stderr as unknown as { ref(): void; unref(): void } | null];
    for (const handle of handles) keep ? handle?.ref() : handle?.unref();
  };
  const exchange = (send: () => void, timeoutMs: number): Promise<Reply> =>
    new Promise((resolve, reject) => {
      keepParent(true);
      const timer = setTimeout(() => {
        const message = `The ${options.name} runtime took longer than ${timeoutMs} ms and was killed. Try again.`;
        settle?.(new SuretyError("INFERENCE_TIMEOUT", message, { retryable: true }));
        kill();
      }, timeoutMs);
      settle = (outcome) => {
        settle = undefined;
        clearTimeout(timer);
        keepParent(false);
        outcome instanceof SuretyError ? reject(outcome) : resolve(outcome);
      };
      if (gone) died("is gone");
      else send();
    });

  await exchange(() => {}, options.startMs);
  return {
    pid: child.pid ?? 0,
    alive: () => !gone,
    request: (request, timeoutMs) =>
      exchange(() => {
        child.send(request, (error) => {
          if (error !== null) died(`cannot be reached: ${error.message}`);
        });
      }, timeoutMs),
    kill,
  };
}
