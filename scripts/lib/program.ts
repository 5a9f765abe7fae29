import { addOptions, loadSettings, type Settings, type Values } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import { Command, CommanderError } from "commander";
import { BaseError } from "viem";
import type { CallReport } from "./perform.ts";
import { refusal } from "./refusal.ts";
import {
  createSession,
  type Io,
  outputSettings,
  type ProgramSources,
  type ScriptValues,
  type Session,
  scriptSettings,
  wantsJson,
} from "./session.ts";
import { printCalls, printFailure, printReport, type Report } from "./summary.ts";
import { EXIT, runTool, type ToolSpec, toolSettings } from "./tool.ts";

/** One command of a program: its settings, and what it does with them. */
export type CommandSpec = {
  /** Empty for the only command of a program. */
  name: string;
  aliases?: string[];
  about: string;
  /** A full command line, for the help text. */
  example: string;
  /** `reads`: sends nothing; `offline`: needs no chain either. Default: sends transactions. */
  kind?: "reads" | "offline";
  /** The settings beside those of every command. */
  settings: Settings;
  run(values: never, session: Session): Promise<Report>;
};

/** Keeps a command's settings and the values that it is run with in one type. */
export function defineCommand<const S extends Settings>(
  spec: Omit<CommandSpec, "settings" | "run"> & {
    settings: S;
    run(values: ScriptValues & Values<S>, session: Session): Promise<Report>;
  },
): CommandSpec {
  return spec as CommandSpec;
}

/** A program as a function: arguments without the program's name, variables, where it writes; returns its exit code. */
export type Main = (argv: string[], env: Env, io: Io) => Promise<number>;
type Env = Record<string, string | undefined>;

/**
 * Makes a program of commands. All settings are checked before anything else; a refusal is printed with what was sent
 * before it, and gives exit code 1. Tools have exit codes of their own: {@link EXIT}.
 *
 */
export function createMain(program: {
  name: string;
  about: string;
  commands: readonly (CommandSpec | ToolSpec)[];
}): Main {
  return async (argv, env, io) => {
    let code = 0;
    const root = new Command(program.name).description(program.about);
    const tools = new Set<Command>();
    for (const spec of program.commands) {
      const command = spec.name === "" ? root : root.command(spec.name).aliases(spec.aliases ?? []);
      addOptions(command.description(spec.about), settingsOf(spec));
      command.addHelpText("after", `\nExample:\n  ${spec.example}`);
      command.action(async (flags: Record<string, unknown>) => {
        const run = spec.kind === "tool" ? runTool : runCommand;
        code = await run(`${program.name} ${spec.name}`.trim(), spec as never, { flags, env }, io);
      });
      if (spec.kind === "tool") tools.add(command);
    }
    for (const command of [root, ...root.commands])
      command
        .exitOverride((error) => {
          // Asking for help is no error.
          code = error.exitCode !== 0 && tools.has(command) ? EXIT.usage : error.exitCode;
          throw error;
        })
        .configureOutput({
          writeOut: (text) => io.stdout.write(text),
          writeErr: (text) => io.stderr.write(text),
        });
    try {
      await root.parseAsync(argv, { from: "user" });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
    }
    return code;
  };
}

/** A command's own settings and those of every command of its kind. */
function settingsOf({ kind, settings }: CommandSpec | ToolSpec): Settings {
  if (kind === "tool") return toolSettings(settings);
  return { ...settings, ...(kind === "offline" ? outputSettings : scriptSettings) };
}

async function runCommand(title: string, spec: CommandSpec, sources: ProgramSources, io: Io): Promise<number> {
  const json = wantsJson(sources);
  let session: Session | undefined;
  try {
    const values = loadSettings(settingsOf(spec), sources) as ScriptValues;
    session = createSession(values, title, io);
    const report = await spec.run(values as never, session);
    printReport(title, report, { json, io, dryRun: values.dryRun === true, sends: spec.kind === undefined });
    return 0;
  } catch (thrown) {
    // A read that the node or a contract refuses.
    const error = thrown instanceof BaseError ? refusal(title, thrown) : thrown;
    const sent = error instanceof SuretyError ? (error.details?.calls as CallReport[] | undefined) : undefined;
    if (!json && sent?.length) printCalls(sent, io.stdout);
    printFailure(title, error, { json, io });
    return 1;
  } finally {
    await session?.close();
  }
}
