import { stripVTControlCharacters, styleText } from "node:util";
import { SuretyError } from "@surety/protocol";
import { type Logger, pino } from "pino";

/** A pino logger; child loggers by `log.child({ part: "tx" })`. */
export type Log = Logger;

/** Where lines go. `process.stdout` is one. */
export type LogSink = { write(line: string): unknown; isTTY?: boolean | undefined };

/** Settings of a log. */
export type LogOptions = {
  /** Who speaks, e.g. "verifier". */
  name: string;
  /** Least level shown. Default "info". */
  level?: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  /** `pretty`: one line for people; `json`: one object per line. Default `auto`: pretty on a terminal. */
  format?: "auto" | "json" | "pretty";
  /**
   * Texts that must never appear, wherever they turn up: keys, passwords, RPC addresses with a key in the path. Of fewer
   * than four characters they are not looked for, since that would tear up every line.
   */
  secrets?: readonly string[];
  /** Default standard output. */
  sink?: LogSink;
};

/** Names of fields whose values are never written, at the top and one level down. */
const SECRET_FIELDS = ["privateKey", "password", "devKey", "mnemonic", "secret", "epochKey", "leafSalt", "salt"];
const REDACTED = "[redacted]";

/** Makes a log. Fields with secret names and the given secret texts are replaced by `[redacted]`. */
export function createLog({
  name,
  level = "info",
  format = "auto",
  secrets = [],
  sink = process.stdout,
}: LogOptions): Log {
  const pretty = format === "pretty" || (format === "auto" && sink.isTTY === true);
  const forms = secrets.flatMap((text) => [text, JSON.stringify(text).slice(1, -1), text.replace(/^0x/, "")]);
  const hidden = forms.filter((text) => text.length >= 4);
  const scrub = (line: string) => hidden.reduce((clean, text) => clean.replaceAll(text, REDACTED), line);
  const colour = sink.isTTY === true && !process.env.NO_COLOR;
  const stream = { write: (line: string) => sink.write(scrub(pretty ? prettyLine(line, colour) : line)) };
  return pino(
    {
      name,
      level,
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, error: describeError },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: REDACTED },
    },
    stream,
  );
}

/** What a log keeps of an error: code and facts of a SuretyError, the stack of anything else, and the causes' messages. */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause)
    causes.push(cause.message);
  const common = { message: error.message, ...(causes.length > 0 && { causes }) };
  if (error instanceof SuretyError)
    return { code: error.code, ...common, ...(error.details && { details: error.details }) };
  return { type: error.name, ...common, stack: error.stack };
}

const COLOURS = { trace: "dim", debug: "dim", info: "green", warn: "yellow", error: "red", fatal: "red" } as const;

function prettyLine(line: string, colour: boolean): string {
  const { level, time, name, msg, err, error, ...fields } = JSON.parse(line);
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const label = paint(COLOURS[level as keyof typeof COLOURS] ?? "dim", String(level).padEnd(5));
  const rest = Object.entries(fields).map(([key, value]) => paint("dim", `${key}=${show(value)}`));
  const failure = err ?? error;
  const tail = failure
    ? `\n      ${failure.code ?? failure.type ?? ""} ${stripVTControlCharacters(failure.message ?? show(failure))}`
    : "";
  const text = [
    String(time).slice(11, 23),
    label,
    paint("cyan", name),
    stripVTControlCharacters(msg ?? ""),
    ...rest,
  ].join(" ");
  return `${text}${tail}\n`;
}

/** Values come from strangers too: control characters are escaped by JSON or stripped. */
function show(value: unknown): string {
  return typeof value === "string" ? stripVTControlCharacters(value) : JSON.stringify(value);
}
