// Deploys Surety on a chain.
import { deployCommands } from "./lib/commands/deploy.ts";
import { createMain } from "./lib/program.ts";

/** The program as a function, for tests and other programs. */
export const main = createMain({ name: "deploy", about: "Deploys Surety on a chain.", commands: deployCommands });

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), process.env, process);
