#!/usr/bin/env node
import { addOptions, loadSettings } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import { Command } from "commander";
import { claim } from "./claim.ts";
import { claimSettings, startSettings, statusSettings } from "./config.ts";
import { startVerifier } from "./start.ts";
import { readStatus, renderStatus } from "./status.ts";

const EXAMPLE = `
Every option can also be set in the environment, as [SURETY_...]. Secrets are read from files of mode 0600.

Example:
  surety-verifier start --data ./verifier-data --models ./models \\
    --rpc-urls https://rpc.example --chain-id 1 --deployments ./deployments \\
    --keystore ./verifier.json --password-file ./verifier.password
  surety-verifier status --data ./verifier-data --json`;

const program = new Command("surety-verifier")
  .description("Probes providers, re-runs sampled inferences, attests to what it found, draws seeds and settles.")
  .addHelpText("after", EXAMPLE);

addOptions(program.command("start").description("Verify until SIGINT or SIGTERM."), startSettings)
  .addHelpText("after", EXAMPLE)
  .action(async (flags: Record<string, unknown>) => {
    await startVerifier(loadSettings(startSettings, { flags }));
  });

addOptions(
  program.command("status").description("Show assignments, what was missed and why, and earnings."),
  statusSettings,
).action(async (flags: Record<string, unknown>) => {
  const settings = loadSettings(statusSettings, { flags });
  const status = await readStatus(settings);
  process.stdout.write(settings.json ? `${JSON.stringify(status, null, 2)}\n` : renderStatus(status));
});

addOptions(
  program.command("claim").description("Pay out what was earned; the verifier must not be running."),
  claimSettings,
).action(async (flags: Record<string, unknown>) => {
  const paid = await claim(loadSettings(claimSettings, { flags }));
  process.stdout.write(paid === 0n ? "Nothing to claim.\n" : `Claimed ${paid} of the asset's smallest unit.\n`);
});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof SuretyError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}
