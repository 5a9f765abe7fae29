import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A program in a process of its own. */
export type TestProgram = {
  child: ChildProcess;
  /** Lines it printed so far. */
  lines: string[];
  /** Resolves when it has printed a line that starts so. */
  printed(start: string): Promise<string>;
  /** Ends it as a power cut would, and waits until it is gone. */
  kill(): Promise<void>;
  /** Waits for its own end. */
  ended: Promise<number | null>;
};

/**
 * Runs TypeScript as a process, with imports relative to node-kit/src.
 *
 * @param body The program.
 * @param values What it finds in `globalThis.values`, as JSON.
 */
export function runProgram(body: string, values: object = {}): TestProgram {
  const source = `globalThis.values = ${JSON.stringify(values)};\n${body}`;
  const flags = ["--input-type=module-typescript", "--disable-warning=ExperimentalWarning", "-e", source];
  const child = spawn(process.execPath, flags, {
    cwd: `${import.meta.dirname}/..`,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const waiting: { start: string; resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const wait of waiting) if (line.startsWith(wait.start)) wait.resolve(line);
  });
  const ended = once(child, "close").then(([code]) => {
    for (const { start, reject } of waiting) reject(new Error(`ended without printing ${start}: ${lines.join(" | ")}`));
    return code as number | null;
  });
  return {
    child,
    lines,
    ended,
    printed: (start) =>
      new Promise((resolve, reject) => {
        const line = lines.find((one) => one.startsWith(start));
        if (line !== undefined) resolve(line);
        else waiting.push({ start, resolve, reject });
      }),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
