#!/usr/bin/env node
import { addOptions, loadSettings } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import { Command } from "commander";
import { providerSettings } from "./config.ts";
import { startProvider } from "./serve-command.ts";
import { VERSION } from "./server.ts";

const EXAMPLE = `
Every option can also be set in the environment, as [SURETY_...]. Secrets are read from files of mode 0600.

Example:
  surety-provider serve --data ./provider-data --models ./models \\
    --rpc-urls https://rpc.example --chain-id 1 --deployments ./deployments \\
    --keystore ./operator.json --password-file ./operator.password --host 0.0.0.0 --port 8080`;

const program = new Command("surety-provider")
  .description("Serves ONNX models with receipts, commits the log of every epoch and opens what was sampled.")
  .version(VERSION);
addOptions(program.command("serve").description("Serve until SIGINT or SIGTERM."), providerSettings)
  .addHelpText("after", EXAMPLE)
  .action(async (flags: Record<string, unknown>) => {
    await startProvider(loadSettings(providerSettings, { flags }));
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof SuretyError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}
