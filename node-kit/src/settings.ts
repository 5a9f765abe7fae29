import { SuretyError } from "@surety/protocol";
import type { Command } from "commander";
import { readSecretFile } from "./secret-file.ts";
import type { Kind } from "./setting-kinds.ts";
import { SETTING_NAMES } from "./setting-names.ts";
import { closest } from "./suggest.ts";

/** One setting. Its name `stateDir` is the flag `--state-dir` and the variable `SURETY_STATE_DIR`. */
export type Setting<T = unknown> = {
  kind: Kind<T>;
  /** What it is for, in one line of the help text. */
  about: string;
  /** Taken if nothing is given, as the operator would write it. Without it and without `optional` the setting is required. */
  default?: string;
  /** May be missing: the value is then undefined. */
  optional?: true;
  /**
   * Never on the command line, where every user of the machine reads it, but in the file of mode 0600 that `--x-file` or
   * `SURETY_X_FILE` names; with "variable" also in `SURETY_X`, for keys that are public anyway.
   */
  secret?: "file" | "variable";
};

/** A program's settings by name. */
export type Settings = Record<string, Setting>;

/** What {@link loadSettings} returns. */
export type Values<S extends Settings> = {
  [K in keyof S]: S[K] extends Setting<infer T> ? (S[K] extends { optional: true } ? T | undefined : T) : never;
};

/** Where settings come from. */
export type Sources = {
  /** What commander parsed: `command.opts()`. */
  flags?: Record<string, unknown>;
  /** Default `process.env`. */
  env?: Record<string, string | undefined>;
  /** Names of settings whose variables may be set in the same environment. Default those of all Surety programs. */
  others?: readonly string[];
};

/** One thing that is wrong with the settings. */
export type SettingProblem = { setting: string; problem: string; expected: string; example: string };

/** Keeps the precise types of a table of settings. */
export function defineSettings<const S extends Settings>(settings: S): S {
  return settings;
}

/** @returns `SURETY_STATE_DIR` for `stateDir`. */
export function envName(name: string): string {
  return `SURETY_${dashed(name).replaceAll("-", "_").toUpperCase()}`;
}

/** Adds one option per setting to a command, with what it is for, its variable and its default. */
export function addOptions(command: Command, settings: Settings): Command {
  for (const [name, { about, kind, default: fallback, secret, optional }] of Object.entries(settings)) {
    const flag = `--${dashed(name)}`;
    const need = fallback === undefined ? (optional ? "" : " (required)") : ` (default ${fallback})`;
    const help = `${about}${need} [${envName(name)}${secret ? "_FILE" : ""}]`;
    if (secret) command.option(`${flag}-file <path>`, `file of mode 0600 with: ${help}`);
    else command.option(kind.isSwitch ? `${flag} [true|false]` : `${flag} <value>`, help);
  }
  return command;
}

/**
 * Reads and checks all settings before anything else happens: flags before variables before defaults. An empty variable
 * counts as not set.
 *
 * @throws SuretyError SETTINGS_INVALID that lists every problem at once: the setting by flag and variable, what was
 * wrong, what is expected and an example; `details.problems` are {@link SettingProblem}s. Values of secrets are not shown.
 */
export function loadSettings<const S extends Settings>(settings: S, sources: Sources = {}): Values<S> {
  const { flags = {}, env = process.env, others = SETTING_NAMES } = sources;
  const problems = [...unknownFlags(settings, flags), ...unknownVariables(settings, env, others)];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const { kind, secret } = setting;
    const shown = secret ? `--${dashed(name)}-file (${envName(name)}_FILE)` : `--${dashed(name)} (${envName(name)})`;
    const report = (problem: string) =>
      problems.push({
        setting: shown,
        problem,
        expected: secret ? `a file with ${kind.expected}` : kind.expected,
        example: secret ? `./${dashed(name)}.txt` : kind.example,
      });
    try {
      const text = find(name, setting, flags, env) ?? setting.default;
      if (text === undefined) {
        if (!setting.optional) report("is missing");
        continue;
      }
      const result = kind.schema.safeParse(text);
      if (result.success) values[name] = result.data;
      else report(secret ? "does not hold what is expected" : `is ${JSON.stringify(text)}`);
    } catch (error) {
      if (!(error instanceof SuretyError)) throw error;
      report(`cannot be taken: ${error.message}`);
    }
  }
  if (problems.length > 0) throw invalid(problems);
  return values as Values<S>;
}

function find(
  name: string,
  { secret }: Setting,
  flags: Record<string, unknown>,
  env: Record<string, string | undefined>,
) {
  const variable = env[envName(name)] || undefined;
  if (!secret) {
    const flag = flags[name];
    return flag === undefined ? variable : String(flag);
  }
  const path = flags[`${name}File`] ?? (env[`${envName(name)}_FILE`] || undefined);
  if (secret === "file" && variable !== undefined) {
    const message = `${envName(name)} would put the secret into the environment; write it to a file of mode 0600.`;
    throw new SuretyError("SETTING_EXPOSED", message);
  }
  if (path !== undefined && variable !== undefined) {
    const message = `both ${envName(name)} and a file are given; keep one.`;
    throw new SuretyError("SETTING_TWICE", message);
  }
  return path === undefined
    ? variable
    : readSecretFile(String(path), `file of ${envName(name)}_FILE`).replace(/\r?\n$/, "");
}

function unknownFlags(settings: Settings, flags: Record<string, unknown>): SettingProblem[] {
  const known = Object.entries(settings).map(([name, { secret }]) => (secret ? `${name}File` : name));
  return Object.keys(flags)
    .filter((name) => flags[name] !== undefined && !known.includes(name))
    .map((name) =>
      unknown(
        `--${dashed(name)}`,
        known.map((one) => `--${dashed(one)}`),
      ),
    );
}

function unknownVariables(
  settings: Settings,
  env: Record<string, string | undefined>,
  others: readonly string[],
): SettingProblem[] {
  const known = Object.entries(settings).flatMap(([name, { secret }]) =>
    secret ? [envName(name), `${envName(name)}_FILE`] : [envName(name)],
  );
  const foreign = new Set(others.flatMap((name) => [envName(name), `${envName(name)}_FILE`]));
  return Object.keys(env)
    .filter((name) => name.startsWith("SURETY_") && env[name] && !known.includes(name) && !foreign.has(name))
    .map((name) => unknown(name, known));
}

function unknown(name: string, known: string[]): SettingProblem {
  const [first = "none"] = known;
  return {
    setting: name,
    problem: "is no setting of this program",
    expected: `one of ${known.join(", ")}`,
    example: closest(name, known) ?? first,
  };
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function invalid(problems: SettingProblem[]): SuretyError {
  const lines = problems.map(
    ({ setting, problem, expected, example }) =>
      `  ${setting} ${problem}; expected ${expected}, for example ${example}`,
  );
  const message = `Nothing was started or sent, because of ${problems.length === 1 ? "one setting" : `${problems.length} settings`}:\n${lines.join("\n")}`;
  return new SuretyError("SETTINGS_INVALID", message, { details: { problems } });
}
