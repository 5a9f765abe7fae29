// Demands and cases: for clients who were wronged, and for anybody who ends what is over.

import { courtCommands } from "./lib/commands/court.ts";
import { createMain } from "./lib/program.ts";

/** The program as a function, for tests and other programs. */
export const main = createMain({
  name: "court",
  about: "Demands and cases: accuses, shows, ends, and fetches what is owed.",
  commands: courtCommands,
});

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), process.env, process);
