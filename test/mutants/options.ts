import { parseArgs } from "node:util";
import { type Folder, folderNames } from "./folders.ts";

/** What to mutate. */
export type Options = {
  folders: Folder[];
  /** How many mutants, drawn by the seed; undefined: all. */
  sample: number | undefined;
  seed: number;
  /** File for the results as JSON. */
  json: string | undefined;
};

export const HELP = `usage: npm run mutants -- [--only FOLDER,...] [--sample N] [--seed N] [--json FILE]

Changes the contracts by one small step at a time, in a copy, and shows which test notices. Exit
code 0 if survivors.json explains every mutant that survives, 1 if not, 64 on a bad flag.

  --only LIST   folders of contracts: ${folderNames.join(", ")} (all)
  --sample N    so many of their mutants, drawn by the seed (all)
  --seed N      decides what is drawn (1)
  --json FILE   write the results there, too

Example:
  npm run mutants -- --only stake,rewards --sample 24`;

const bad = (message: string): RangeError => new RangeError(`${message}\n\n${HELP}`);

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      options: {
        only: { type: "string", default: folderNames.join(",") },
        sample: { type: "string" },
        seed: { type: "string", default: "1" },
        json: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw bad(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Reads the command line.
 * @returns what to do, or "help"
 * @throws RangeError with the help text
 */
export function readOptions(argv: string[]): Options | "help" {
  const { only, sample, seed, json, help } = parse(argv);
  if (help) return "help";
  const folders = only.split(",") as Folder[];
  const unknown = folders.filter((name) => !folderNames.includes(name));
  if (unknown.length > 0) throw bad(`--only has ${unknown.join(", ")}, needs some of ${folderNames.join(", ")}.`);
  if (sample !== undefined && !/^[1-9]\d{0,5}$/.test(sample)) throw bad(`--sample is "${sample}", needs 1 to 999999.`);
  if (!/^\d{1,10}$/.test(seed) || Number(seed) >= 2 ** 32) throw bad(`--seed is "${seed}", needs 0 to 4294967295.`);
  return { folders, sample: sample === undefined ? undefined : Number(sample), seed: Number(seed), json };
}
