// Creates test tokens on a development chain.
import { mintCommands } from "./lib/commands/mint.ts";
import { createMain } from "./lib/program.ts";

/** The program as a function, for tests and other programs. */
export const main = createMain({
  name: "mint",
  about: "Creates test tokens on a development chain.",
  commands: mintCommands,
});

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), process.env, process);
