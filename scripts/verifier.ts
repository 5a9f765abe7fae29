// What a verifier does on chain, verifying apart.

import { verifierCommands } from "./lib/commands/verifier.ts";
import { createMain } from "./lib/program.ts";

/** The program as a function, for tests and other programs. */
export const main = createMain({
  name: "verifier",
  about: "What a verifier does on chain, verifying apart.",
  commands: verifierCommands,
});

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), process.env, process);
