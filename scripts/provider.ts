// What a provider does on chain, serving apart.

import { providerCommands } from "./lib/commands/provider.ts";
import { createMain } from "./lib/program.ts";

/** The program as a function, for tests and other programs. */
export const main = createMain({
  name: "provider",
  about: "What a provider does on chain, serving apart.",
  commands: providerCommands,
});

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), process.env, process);
