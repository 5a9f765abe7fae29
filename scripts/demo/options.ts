import { resolve } from "node:path";
import { SuretyError } from "@surety/protocol";
import { Command, Option } from "commander";

/** What the demo's caller may choose. */
export type DemoOptions = {
  /** Epochs to count, after the first demand profile that is not flat. */
  epochs: number;
  /** Seed of the traffic and of the providers' misbehaviour. */
  seed: number;
  /** Where the result is written as JSON. */
  json?: string;
  /** Keep chain, services and traffic running at the end, until interrupted. */
  keep: boolean;
};

const whole = (name: string, least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new SuretyError("DEMO_OPTION", `--${name} is ${text}; expected a whole number from ${least} to ${most}.`);
};

/** Reads the demo's command line. */
export function parseOptions(argv: readonly string[]): DemoOptions {
  const command = new Command("demo")
    .description(
      "Runs Surety on a local chain: three providers, thirteen verifiers, a court, real models and data, and a dapp that decides by the record.",
    )
    .addOption(
      new Option("--epochs <n>", "epochs to count after warm-up").default(10).argParser(whole("epochs", 1, 1_000)),
    )
    .addOption(
      new Option("--seed <n>", "seed of traffic and misbehaviour").default(1).argParser(whole("seed", 0, 2 ** 32 - 1)),
    )
    .option("--json <file>", "write the result as JSON")
    .option("--keep", "keep chain and services running at the end and print their addresses", false)
    .addHelpText("after", '\nExample: make demo ARGS="--epochs 20 --json result.json"')
    .allowExcessArguments(false);
  command.parse(argv, { from: "user" });
  const options = command.opts<DemoOptions>();
  return options.json === undefined ? options : { ...options, json: resolve(options.json) };
}
