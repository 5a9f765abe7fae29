import { bar } from "../../demo/bars.ts";
import type { Io } from "../session.ts";

/** Tells how far a long work is. */
export type Progress = { at(what: string, done: number, total: number): void; end(): void };

/** Keeps one line of a terminal up to date on standard error; says nothing where there is no terminal. */
export function createProgress({ stderr }: Io): Progress {
  if (stderr.isTTY !== true) return { at: () => undefined, end: () => undefined };
  return {
    at: (what, done, total) => stderr.write(`\r\x1b[K${bar(done / total, 24)}  ${done}/${total}  ${what}`),
    end: () => stderr.write("\r\x1b[K"),
  };
}
