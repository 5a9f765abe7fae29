import { parseArgs } from "node:util";
import { SuretyError } from "@surety/protocol";
import { ROWS } from "./rows.ts";
import { JURIES } from "./terms.ts";

/** What to play. */
export type Options = {
  epochs: number;
  seed: number;
  /** Parts of rows' names or sides; none: all rows. */
  only: string[];
  jury: keyof typeof JURIES;
  /** File for the report as JSON. */
  json: string | undefined;
};

const MOST_EPOCHS = 200;

export const HELP = `usage: npm run sim -- [--epochs N] [--seed N] [--only NAME,...] [--jury 5|15] [--json FILE]

Plays strategies against honest actors on the real contracts, on a chain in this process, and
compares what they earn with what honesty earns in their place. Exit code 0 if honesty is first
in every row, 1 if not, 64 on a bad flag.

  --epochs N     promised epochs of each world, 1 to ${MOST_EPOCHS} (16)
  --seed N       decides every draw: the same seed, the same table (1)
  --only LIST    rows whose side and name hold one of these, such as "provider" or "lazy"
  --jury N       15: juries of 15, 11 convict, ${JURIES[15].verifiers} verifiers; 5: of 5, 4 convict, ${JURIES[5].verifiers} (15)
  --json FILE    write the whole report there, too

Rows: ${ROWS.map(({ side, name }) => `${side}: ${name}`).join("\n      ")}

Example:
  npm run sim -- --epochs 12 --only "provider: honest,lazy" --json sim.json`;

const bad = (message: string, cause?: unknown) => new SuretyError("BENCH_BAD_FLAG", `${message}\n\n${HELP}`, { cause });

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      options: {
        epochs: { type: "string", default: "16" },
        seed: { type: "string", default: "1" },
        only: { type: "string", default: "" },
        jury: { type: "string", default: "15" },
        json: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw bad(error instanceof Error ? error.message : String(error), error);
  }
}

/** A row as `--only` finds it. */
export const titleOf = ({ side, name }: { side: string; name: string }): string => `${side}: ${name}`;

/**
 * Reads the command line.
 *
 * @returns what to do, or "help"
 * @throws SuretyError `BENCH_BAD_FLAG` with the help text
 */
export function readOptions(argv: string[]): Options | "help" {
  const { epochs, seed, only, jury, json, help } = parse(argv);
  if (help) return "help";
  if (!/^\d{1,3}$/.test(epochs) || Number(epochs) < 1 || Number(epochs) > MOST_EPOCHS)
    throw bad(`--epochs is "${epochs}", needs 1 to ${MOST_EPOCHS}.`);
  if (!/^\d{1,10}$/.test(seed) || Number(seed) >= 2 ** 32) throw bad(`--seed is "${seed}", needs 0 to 4294967295.`);
  if (jury !== "5" && jury !== "15") throw bad(`--jury is "${jury}", needs 5 or 15.`);
  const parts = only.split(",").flatMap((part) => part.trim() || []);
  const unknown = parts.find((part) => !ROWS.some((row) => titleOf(row).includes(part)));
  if (unknown !== undefined) throw bad(`--only has "${unknown}", which no row's name holds.`);
  return { epochs: Number(epochs), seed: Number(seed), only: parts, jury: jury === "5" ? 5 : 15, json };
}
