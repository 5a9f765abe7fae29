// Makes the tolerance profile and the manifest of the models in models/ from their real inputs.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildManifest, calibrate, createRuntime, ORT_VERSION, type Runtime } from "@surety/inference";
import { renderTable } from "@surety/node-kit";
import { canonicalJson, modelId, SuretyError } from "@surety/protocol";
import { CALIBRATION_STRATA, calibrationIndices, loadInputs, MODEL_NAMES } from "../models/inputs.ts";

const HELP = `usage: node scripts/calibrate.ts [model ...] [--seed 1] [--inputs ${CALIBRATION_STRATA}] [--json]

Calibrates ${MODEL_NAMES.join(", ")} (all if none is named) and writes
models/<model>/profile.json and manifest.json.

  --seed N     draw the inputs by this seed, an integer from 0 (1)
  --inputs N   how many inputs to draw, at least 64 (${CALIBRATION_STRATA}); those with the data's extremes are added
  --json       print the profiles as JSON`;

/** Milliseconds one call of 32 inputs may take. */
const TIMEOUT_MS = 120_000;

function whole(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    throw new SuretyError("CALIBRATE_BAD_FLAG", `--${flag} is "${text}", needs an integer of at least ${least}.`);
  }
  return value;
}

function readFlags() {
  const string = (value: string) => ({ type: "string", default: value }) as const;
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        seed: string("1"),
        inputs: string(String(CALIBRATION_STRATA)),
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SuretyError("CALIBRATE_BAD_FLAG", `${message}\n\n${HELP}`, { cause: error });
  }
}

/** Overwrites one line of a terminal; says nothing elsewhere. */
const progress = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);

/** JSON for people: two spaces, keys in the order of the canonical form. */
const pretty = (value: unknown) => `${JSON.stringify(JSON.parse(canonicalJson(value)), null, 2)}\n`;

type Runtimes = { reference: Runtime; repeat: Runtime; alternatives: Record<string, Runtime> };

async function calibrateModel(name: string, { seed, strata }: { seed: number; strata: number }, runtimes: Runtimes) {
  const folder = new URL(`../models/${name}/`, import.meta.url);
  const model = new Uint8Array(await readFile(new URL("model.onnx", folder)));
  const real = loadInputs(name);
  const inputs = calibrationIndices(real, seed, strata).map(real.at);
  const onProgress = (what: string, done: number, total: number) => progress(`${name}  ${done}/${total}  ${what}`);
  const { profile, reason, idle } = await calibrate({ model, inputs, seed, ...runtimes, onProgress });
  const manifest = buildManifest({ name, model, profile, inputs });
  await writeFile(new URL("profile.json", folder), pretty(profile));
  await writeFile(new URL("manifest.json", folder), pretty(manifest));
  return {
    name,
    modelId: modelId(manifest),
    folder: fileURLToPath(folder),
    inputs: inputs.length,
    profile,
    reason,
    idle,
  };
}

const columns = [
  { title: "cheat" },
  ...["match", "grey", "mismatch", "least", "median", "12 miss all", "12 miss a tenth", "48 miss a tenth"].map(
    (title) => ({
      title,
      align: "right" as const,
    }),
  ),
];

function print({ name, modelId, inputs, profile, reason, idle }: Awaited<ReturnType<typeof calibrateModel>>): void {
  console.log(`${name}  ${modelId}\n  class ${profile.class}, calibrated on ${inputs} inputs`);
  if (reason !== null) console.log(`  ${reason}`);
  for (const { name: output, mode, tauMax, tauL2 } of profile.outputs) {
    console.log(`  output ${output}: ${mode}, tauMax ${tauMax}, tauL2 ${tauL2}`);
  }
  const percent = ({ share }: { share: number }) => `${(share * 100).toFixed(1)} %`;
  const rows = profile.power.map(({ cheat, match, grey, mismatch, least, median, missed }) => [
    cheat,
    ...[match, grey, mismatch].map(percent),
    ...[least, median].map((tau) => `${tau.toPrecision(3)} tau`),
    ...[missed.all["12"], missed.tenth["12"], missed.tenth["48"]].map(({ both }) => both.toPrecision(3)),
  ]);
  console.log(renderTable(columns, rows));
  if (idle.length > 0) console.log(`  change nothing here: ${idle.join(", ")}`);
}

async function main(): Promise<void> {
  const { values, positionals } = readFlags();
  if (values.help) return console.log(HELP);
  const draw = { seed: whole("seed", values.seed, 0), strata: whole("inputs", values.inputs, 64) };
  const names = positionals.length > 0 ? positionals : MODEL_NAMES;
  for (const name of names) loadInputs(name);
  const native = (optimization: "all" | "disabled") =>
    createRuntime({ kind: "native", optimization, timeoutMs: TIMEOUT_MS });
  const runtimes = {
    reference: native("all"),
    repeat: native("all"),
    alternatives: {
      [`native@${ORT_VERSION} opt=disabled`]: native("disabled"),
      [`wasm@${ORT_VERSION} opt=all`]: createRuntime({ kind: "wasm", timeoutMs: TIMEOUT_MS }),
    },
  };
  const reports = [];
  try {
    for (const name of names) {
      reports.push(await calibrateModel(name, draw, runtimes));
      progress("");
      if (!values.json) print(reports.at(-1)!);
    }
  } finally {
    const { reference, repeat } = runtimes;
    await Promise.all([reference, repeat, ...Object.values(runtimes.alternatives)].map((runtime) => runtime.close()));
  }
  if (values.json) console.log(JSON.stringify(reports, null, 2));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SuretyError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
