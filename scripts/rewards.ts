// Funds the budgets of epochs, and sweeps what nobody earned.

import { rewardsCommands } from "./lib/commands/rewards.ts";
import { createMain } from "./lib/program.ts";

/** The program as a function, for tests and other programs. */
export const main = createMain({
  name: "rewards",
  about: "Funds the budgets of epochs, and sweeps what nobody earned.",
  commands: rewardsCommands,
});

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), process.env, process);
