import { parseArgs } from "node:util";
import { SuretyError } from "@surety/protocol";
import { SUBJECT_NAMES } from "./subjects.ts";

/** What to measure, and how much of it. */
export type Options = {
  models: string[];
  quick: boolean;
  offline: boolean;
  seed: number;
  /** File for the report as JSON. */
  json: string | undefined;
  /** Most fresh inputs per model; of them under an emulator, where 0 does without emulators. */
  fresh: number;
  slow: number;
  /** Simulated epochs per number of samples. */
  epochs: number;
};

const FULL = { fresh: 1_200, slow: 60, epochs: 10_000 };
const QUICK = { fresh: 40, slow: 4, epochs: 500 };

export const HELP = `usage: npm run bench:power -- [--quick] [--models NAME,...] [--seed N] [--offline] [--json FILE]

Error rates of verification: honest answers under configurations that calibration did not
see, and the answers of every cheat of the battery, judged one by one and by the panel test.
Exit code 0 if every target is met, 1 if one is missed, 64 on a bad flag.

  --quick        a smoke run: ${QUICK.fresh} inputs per model, not ${FULL.fresh}; ${QUICK.epochs} epochs, not ${FULL.epochs}
  --models LIST  some of ${SUBJECT_NAMES.join(", ")}
  --seed N       seed of generated models, inputs and simulations, 0 to 4294967295 (1)
  --offline      do not install the older ONNX Runtime (bench/older, 190 MB) where it is missing
  --json FILE    write the whole report there, too

Example:
  npm run bench:power -- --quick --models digits-cnn,mlp --json power.json`;

const bad = (message: string, cause?: unknown) => new SuretyError("BENCH_BAD_FLAG", `${message}\n\n${HELP}`, { cause });

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      options: {
        quick: { type: "boolean", default: false },
        offline: { type: "boolean", default: false },
        models: { type: "string", default: SUBJECT_NAMES.join(",") },
        seed: { type: "string", default: "1" },
        json: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw bad(error instanceof Error ? error.message : String(error), error);
  }
}

/**
 * Reads the command line.
 *
 * @returns what to do, or "help"
 * @throws SuretyError `BENCH_BAD_FLAG` with the help text
 */
export function readOptions(argv: string[]): Options | "help" {
  const { quick, offline, models, seed, json, help } = parse(argv);
  if (help) return "help";
  const names = [...new Set(models.split(",").map((name) => name.trim()))];
  const unknown = names.find((name) => !SUBJECT_NAMES.includes(name));
  if (unknown !== undefined) throw bad(`--models has "${unknown}", needs some of ${SUBJECT_NAMES.join(", ")}.`);
  if (!/^\d{1,10}$/.test(seed) || Number(seed) >= 2 ** 32) throw bad(`--seed is "${seed}", needs 0 to 4294967295.`);
  return { models: names, quick, offline, seed: Number(seed), json, ...(quick ? QUICK : FULL) };
}
