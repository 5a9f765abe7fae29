import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The file that npm links as `surety`. */
export const SURETY = fileURLToPath(new URL("../../surety.mjs", import.meta.url));
/** The repository's root, where commands run. */
export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** What a process left behind. */
export type Finished = {
  code: number;
  stdout: string;
  stderr: string;
  /** Standard output as JSON; throws if it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: each command prints an object of its own.
  json(): any;
};

/** Runs a program as a process of its own. */
export function runProcess(program: string, args: readonly string[], cwd = ROOT): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, stdout, stderr, json: () => JSON.parse(stdout) });
    });
  });
}

/** Runs `surety` as a process of its own. */
export const surety = (...args: string[]): Promise<Finished> => runProcess(process.execPath, [SURETY, ...args]);
