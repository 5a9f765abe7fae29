// One inference as a user sends it: answer and receipt are checked, and the receipt is kept.

import { inferCommands } from "./lib/commands/infer.ts";
import { createMain } from "./lib/program.ts";

/** The program as a function, for tests and other programs. */
export const main = createMain({
  name: "infer",
  about: "Asks a provider for an inference and keeps its receipt.",
  commands: inferCommands,
});

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), process.env, process);
