import { defineSettings, loadSettings, type Settings, type Values } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import { type Io, outputSettings, type ProgramSources, wantsJson } from "./session.ts";
import { toJson } from "./summary.ts";

/** Exit codes of tools. The last three are those of BSD's sysexits. */
export const EXIT = {
  /** A match; a panel that passes; done. */
  ok: 0,
  /** A mismatch, or a panel that fails. */
  mismatch: 1,
  /** Neither: nothing is proved. */
  grey: 2,
  /** A flag is missing, unknown or malformed. */
  usage: 64,
  /** A file cannot be read or written, is malformed, or does not belong to the others; the model is refused or fails. */
  data: 65,
  /** A bug of this program. */
  bug: 70,
} as const;

/** What a tool found. */
export type Outcome = {
  /** Exit code, one of {@link EXIT}. */
  code: number;
  /** Printed with `--json`. */
  json: Record<string, unknown>;
  /** Printed without. */
  text: string;
};

/** A command that works on files alone and answers with its exit code. */
export type ToolSpec = {
  /** Empty for the only command of a program. */
  name: string;
  aliases?: string[];
  kind: "tool";
  about: string;
  /** A full command line, for the help text. */
  example: string;
  settings: Settings;
  run(values: never, io: Io): Promise<Outcome>;
};

/** A tool's settings and those that every tool has. */
export const toolSettings = <S extends Settings>(settings: S) => defineSettings({ ...settings, ...outputSettings });

/** Keeps a tool's settings and the values that it is run with in one type. */
export function defineTool<const S extends Settings>(
  spec: Omit<ToolSpec, "kind" | "settings" | "run"> & {
    settings: S;
    run(values: Values<S>, io: Io): Promise<Outcome>;
  },
): ToolSpec {
  return { ...spec, kind: "tool" } as ToolSpec;
}

/** A refusal because of how the tool was called, beyond what each setting alone can tell. */
export const usageError = (message: string): SuretyError => new SuretyError("USAGE", message);

function exitOf(error: unknown): number {
  if (!(error instanceof SuretyError)) return EXIT.bug;
  return ["SETTINGS_INVALID", "USAGE"].includes(error.code) ? EXIT.usage : EXIT.data;
}

/** Runs a tool and prints what it found: text, or one JSON object; why it could not, with its code, on standard error. */
export async function runTool(title: string, spec: ToolSpec, sources: ProgramSources, io: Io): Promise<number> {
  const json = wantsJson(sources);
  try {
    const values = loadSettings(toolSettings(spec.settings), sources);
    const outcome = await spec.run(values as never, io);
    io.stdout.write(json ? `${toJson({ command: title, exit: outcome.code, ...outcome.json })}\n` : outcome.text);
    return outcome.code;
  } catch (error) {
    const known = error instanceof SuretyError;
    const code = known ? error.code : "UNEXPECTED";
    const message = known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    const exit = exitOf(error);
    if (json) {
      const details = known ? (error.details ?? {}) : {};
      const retryable = known && error.retryable;
      io.stdout.write(`${toJson({ command: title, exit, error: { code, message, retryable, details } })}\n`);
    } else {
      io.stderr.write(`${title}: ${code}: ${message}\n`);
    }
    return exit;
  }
}
