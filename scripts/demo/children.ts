import { type ChildProcess, fork } from "node:child_process";
import { SuretyError } from "@surety/protocol";

/** Processes that end with the demo. */
export type Children = {
  /** Starts a module as a child process that gets `config` as its first message and answers `{ ready: ... }`. */
  start: <Ready>(name: string, module: URL, config: unknown) => Promise<Child<Ready>>;
  /** Ends all, what was started first last: politely, then by force. */
  stop: () => Promise<void>;
};

/** A running child. */
export type Child<Ready> = {
  name: string;
  pid: number;
  ready: Ready;
  /** Sends a message. */
  send: (message: object) => void;
  /** Asks a question and waits for the answer. */
  ask: <Answer>(question: object) => Promise<Answer>;
  onMessage: (listener: (message: { kind: string } & Record<string, unknown>) => void) => void;
  /** Ends it: politely, then by force. */
  stop: () => Promise<void>;
};

const START_MS = 60_000;
const STOP_MS = 5_000;

/**
 * Keeps the demo's child processes.
 * @param onExit told when a child ends that was not stopped
 */
export function createChildren(onExit: (name: string, reason: string) => void): Children {
  const running = new Map<ChildProcess, string>();
  /** Those whose end is meant. */
  const ending = new Set<ChildProcess>();

  const end = (process: ChildProcess) =>
    new Promise<void>((resolve) => {
      ending.add(process);
      if (process.exitCode !== null || process.signalCode !== null) return resolve();
      const force = setTimeout(() => process.kill("SIGKILL"), STOP_MS);
      process.once("exit", () => {
        clearTimeout(force);
        resolve();
      });
      process.kill("SIGTERM");
    });

  const start = <Ready>(name: string, module: URL, config: unknown) =>
    new Promise<Child<Ready>>((resolve, reject) => {
      const process = fork(module, { serialization: "advanced", stdio: ["ignore", "inherit", "inherit", "ipc"] });
      running.set(process, name);
      const fail = (reason: string) => reject(new SuretyError("DEMO_CHILD", `${name} did not start: ${reason}`));
      const timer = setTimeout(() => fail(`nothing heard for ${START_MS / 1000} s`), START_MS);
      const answers = new Map<number, (answer: never) => void>();
      let questions = 0;
      process.once("error", (error) => fail(error.message));
      process.once("exit", (code, signal) => {
        clearTimeout(timer);
        running.delete(process);
        const reason = `ended with ${signal ?? `code ${code}`}`;
        fail(reason);
        if (!ending.has(process)) onExit(name, reason);
      });
      process.on("message", (message: { ready?: Ready; answer?: number; value?: never }) => {
        if (message.answer !== undefined) {
          answers.get(message.answer)?.(message.value as never);
          answers.delete(message.answer);
        }
        if (!("ready" in message)) return;
        clearTimeout(timer);
        resolve({
          name,
          pid: process.pid!,
          ready: message.ready as Ready,
          send: (text) => process.send(text),
          stop: () => end(process),
          ask: (question) =>
            new Promise((answered) => {
              const id = questions++;
              answers.set(id, answered);
              process.send({ ...question, question: id });
            }),
          onMessage: (listener) =>
            process.on("message", (note: { kind?: string }) => {
              if (note.kind !== undefined) listener(note as { kind: string });
            }),
        });
      });
      process.send(config as object);
    });

  const stop = async () => {
    const all = [...running.entries()];
    const [first, ...others] = all;
    // Everything lives on what was started first: it ends last.
    await Promise.all(others.map(([process]) => end(process)));
    if (first) await end(first[0]);
  };
  return { start, stop };
}
