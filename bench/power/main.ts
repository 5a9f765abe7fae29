// Measures the error rates of verification: npm run bench:power -- --help
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus, release, type } from "node:os";
import { isaClass, ORT_VERSION } from "@surety/inference";
import { SuretyError } from "@surety/protocol";
import { streamOf } from "../models/random.ts";
import { configurations } from "./configurations.ts";
import { measure } from "./measure.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import type { LeftOut, ModelResult, PowerReport } from "./result.ts";
import { prepare, SUBJECT_NAMES } from "./subjects.ts";
import { renderReport } from "./tables.ts";
import { judgeTargets } from "./targets.ts";

/** Overwrites one line of a terminal; says nothing elsewhere. */
const progress = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);

const secondsSince = (start: number) => Math.round((performance.now() - start) / 100) / 10;

/** Runs the whole bench. */
export async function runPower(options: Options): Promise<PowerReport> {
  const { seed, quick, fresh, slow, epochs } = options;
  const started = performance.now();
  const honest = configurations(!options.offline).filter((configuration) => slow > 0 || !configuration.slow);
  const leftOut = new Map<string, LeftOut>();
  const models: ModelResult[] = [];
  for (const [position, name] of options.models.entries()) {
    const start = performance.now();
    const onProgress = (what: string, done: number, total: number) =>
      progress(`${position + 1}/${options.models.length} ${name}  ${what}  ${done}/${total}`);
    const subject = await prepare(name, { seed, fresh, onProgress });
    const result = await measure(subject, honest, {
      slow,
      epochs,
      random: streamOf(seed + 2, SUBJECT_NAMES.indexOf(name)),
      onProgress,
      onLeftOut: (configuration, { message }) => leftOut.set(configuration, { configuration, reason: message }),
    });
    models.push({ ...result, seconds: secondsSince(start) });
  }
  progress("");
  return {
    machine: {
      processor: cpus()[0]?.model ?? "unknown processor",
      isa: isaClass(),
      cores: availableParallelism(),
      system: `${type()} ${release()}`,
      node: process.versions.node,
      onnxruntime: ORT_VERSION,
    },
    seed,
    quick,
    seconds: secondsSince(started),
    models,
    leftOut: [...leftOut.values()],
    targets: judgeTargets(models, quick),
  };
}

async function save(report: PowerReport, file: string): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  } catch (cause) {
    throw new SuretyError(
      "BENCH_CANNOT_WRITE",
      `--json: ${file} cannot be written; needs a file in a folder that is there.`,
      { cause },
    );
  }
}

async function main(argv: string[]): Promise<number> {
  const options = readOptions(argv);
  if (options === "help") {
    console.log(HELP);
    return 0;
  }
  const report = await runPower(options);
  console.log(renderReport(report, options.epochs));
  if (options.json !== undefined) await save(report, options.json);
  return report.targets.every(({ met }) => met) ? 0 : 1;
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SuretyError)) throw error;
    console.error(`${error.code}: ${error.message}`);
    process.exitCode = error.code === "BENCH_BAD_FLAG" ? 64 : 70;
  }
}
