// Checks per second against bare `session.run`, side by side: see the help text, and bench/README.md for what came of it.
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { ORT_VERSION, type RuntimeKind } from "@surety/inference";
import { renderTable } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import { Command, Option } from "commander";
import { measure, type RerunRow } from "./measure.ts";
import { benchModels } from "./models.ts";

/** Share of bare speed that checks of models of {@link TARGET_MS} and more must reach. */
const TARGET = 0.9;
const TARGET_MS = 1;

const whole = (name: string, least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new SuretyError("BENCH_OPTION", `--${name} is ${text}; expected a whole number from ${least} to ${most}.`);
};

type Options = { kind: RuntimeKind; rounds: number; ms: number; batch: number; model?: string; json?: string };

const command = new Command("bench:rerun")
  .description(
    "Measures checks per second (decode the canonical tensors, run, hash, compare) against bare session.run in processes of\n" +
      "one thread each, one and two of them, both sides in turns.",
  )
  .addOption(new Option("--kind <kind>", "runtime").choices(["native", "wasm"]).default("native"))
  .addOption(new Option("--rounds <n>", "rounds, each with both sides").default(9).argParser(whole("rounds", 1, 1000)))
  .addOption(new Option("--ms <n>", "milliseconds of each side").default(400).argParser(whole("ms", 10, 60_000)))
  .addOption(
    new Option("--batch <n>", "inputs in a message, as verifiers send").default(8).argParser(whole("batch", 1, 64)),
  )
  .option("--model <text>", "only models whose name contains this")
  .option("--json <file>", "write the result as JSON")
  .addHelpText("after", "\nExample: npm run bench:rerun -- --rounds 15 --json rerun.json")
  .allowExcessArguments(false);

/** One line on a terminal that the next one replaces. */
const progress = (text: string) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
};

const isSlow = ({ runMs }: RerunRow) => runMs >= TARGET_MS;
const isBelow = (row: RerunRow) => isSlow(row) && row.fastest < TARGET;

function table(rows: RerunRow[]): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const columns = [
    "processes",
    "ms per run",
    "bare runs/s",
    "checks/s",
    "ratio",
    "least",
    "greatest",
    "fastest",
    "CPU bare",
    "CPU model",
    "CPU checker",
  ].map(right);
  const cells = rows.map((row) => [
    row.model,
    row.claim,
    row.processes,
    row.runMs.toFixed(2),
    row.bare.toFixed(0),
    row.checks.toFixed(0),
    row.ratio.toFixed(3),
    row.least.toFixed(3),
    row.greatest.toFixed(3),
    { text: row.fastest.toFixed(3), colour: isBelow(row) ? ("red" as const) : ("bold" as const) },
    row.cpuMs.bare.toFixed(2),
    row.cpuMs.model.toFixed(2),
    row.cpuMs.checker.toFixed(2),
  ]);
  return renderTable([{ title: "model" }, { title: "claims" }, ...columns], cells);
}

async function main(options: Options): Promise<void> {
  const { kind, rounds, ms, batch, model: wanted = "", json } = options;
  const models = (await benchModels()).filter(({ name }) => name.includes(wanted));
  if (models.length === 0) throw new SuretyError("BENCH_OPTION", `--model is ${wanted}; no model's name contains it.`);
  const cpu = cpus();
  const machine = { cpu: cpu[0]?.model ?? "unknown", cores: cpu.length, node: process.version, ort: ORT_VERSION };
  const load = loadavg()[0] ?? 0;
  const rows: RerunRow[] = [];
  for (const model of models) {
    for (const claim of ["equal", "last bits"] as const) {
      for (const processes of [1, 2]) {
        const title = `${model.name}, claims ${claim}, processes ${processes}`;
        const onRound = (done: number) => progress(`${title}: round ${done} of ${rounds}`);
        rows.push(await measure(model, { kind, claim, processes, rounds, ms, batch, onRound }));
      }
    }
  }
  progress("");
  console.log(
    `${kind}, ${rounds} rounds of 2 x ${ms} ms, ${batch} inputs in a message; rates and ratios are medians; CPU in ms per run`,
  );
  console.log(
    `${machine.cores} x ${machine.cpu}, Node ${machine.node}, onnxruntime ${machine.ort}; load average before ${load.toFixed(1)}\n`,
  );
  console.log(table(rows));
  const slow = rows.filter(isSlow);
  const reached = (of: "ratio" | "fastest") => `${slow.filter((row) => row[of] >= TARGET).length} of ${slow.length}`;
  console.log(
    `\nmodels of ${TARGET_MS} ms and more at ${TARGET} of bare speed or above: ${reached("fastest")} by their fastest rounds, ` +
      `${reached("ratio")} by the median of all`,
  );
  if (json !== undefined)
    writeFileSync(json, `${JSON.stringify({ machine, load, kind, rounds, ms, batch, rows }, null, 2)}\n`);
}

try {
  await main(command.parse().opts<Options>());
} catch (error) {
  if (!(error instanceof SuretyError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
