// Makes encrypted key files.
import { keyCommands } from "./lib/commands/key.ts";
import { createMain } from "./lib/program.ts";

/** The program as a function, for tests and other programs. */
export const main = createMain({ name: "key", about: "Makes encrypted key files.", commands: keyCommands });

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), process.env, process);
