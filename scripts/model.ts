// Calibrates and registers models.
import { modelCommands } from "./lib/commands/model.ts";
import { createMain } from "./lib/program.ts";

/** The program as a function, for tests and other programs. */
export const main = createMain({ name: "model", about: "Calibrates and registers models.", commands: modelCommands });

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), process.env, process);
