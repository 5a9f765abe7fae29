import type { Main } from "../program.ts";

/** What a program left behind. */
export type Ran = {
  code: number;
  stdout: string;
  stderr: string;
  /** Standard output as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: each command prints an object of its own.
  json: any;
};

/** Runs a program in this process; `--json` makes its output readable as `json`. */
export async function run(main: Main, env: Record<string, string>, ...argv: string[]): Promise<Ran> {
  const written = { stdout: "", stderr: "" };
  const code = await main(argv, env, {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
  });
  const isJson = written.stdout.startsWith("{");
  return { code, ...written, json: isJson ? JSON.parse(written.stdout) : undefined };
}
