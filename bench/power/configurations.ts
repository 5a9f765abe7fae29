import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { createRuntime, ORT_VERSION, type RuntimeOptions } from "@surety/inference";
import { SuretyError, type Tensor } from "@surety/protocol";
import { type Engine, startForeign } from "./foreign.ts";

/** An honest way to run a model that calibration did not see. */
export type Configuration = {
  name: string;
  /** True if a run is so slow that it gets a small share of the inputs. */
  slow: boolean;
  /** @throws SuretyError `BENCH_UNAVAILABLE` where this machine cannot do it */
  open: () => Promise<Engine>;
};

const RUN_MS = 300_000;
/** What is asked in one message, so that no call holds all outputs of a large model. */
const CHUNK = 32;

/** The repository's own runtime, caged, as an engine. */
export function openRuntime(options: Pick<RuntimeOptions, "kind" | "optimization">): Engine {
  const runtime = createRuntime({ ...options, timeoutMs: RUN_MS });
  let loaded = 0;
  return {
    load: async (model) => {
      loaded += 1;
      await runtime.load(`${loaded}`, model);
    },
    run: (sets) => runtime.runMany(`${loaded}`, sets),
    close: runtime.close,
  };
}

/**
 * Runs inputs through an engine in portions.
 *
 * @param onProgress told how many were run, after each portion
 */
export async function runAll(
  engine: Engine,
  inputs: Tensor[][],
  onProgress: (done: number) => void,
): Promise<Tensor[][]> {
  const outputs: Tensor[][] = [];
  for (let at = 0; at < inputs.length; at += CHUNK) {
    outputs.push(...(await engine.run(inputs.slice(at, at + CHUNK))));
    onProgress(outputs.length);
  }
  return outputs;
}

const unavailable = (why: string, cause?: unknown) => new SuretyError("BENCH_UNAVAILABLE", why, { cause });

const OLDER_FOLDER = fileURLToPath(new URL("../older/", import.meta.url));
const olderPackage = createRequire(`${OLDER_FOLDER}package.json`);
const OLDER_VERSION: string = olderPackage("./package.json").dependencies["onnxruntime-node"];

/** The older onnxruntime-node, installed into bench/older by its lock file if it is not there. */
function openOlder(install: boolean): Promise<Engine> {
  if (!existsSync(`${OLDER_FOLDER}node_modules/onnxruntime-node`)) {
    if (!install) throw unavailable("bench/older is not installed; run without --offline, or npm ci there");
    console.error(`installing onnxruntime-node ${OLDER_VERSION} into bench/older`);
    const { status, stderr } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
      cwd: OLDER_FOLDER,
      encoding: "utf8",
    });
    if (status !== 0)
      throw unavailable(`npm ci in bench/older failed: ${(stderr ?? "npm is not there").trim().slice(-300)}`);
  }
  return startForeign({ name: `onnxruntime-node ${OLDER_VERSION}`, ort: olderPackage.resolve("onnxruntime-node") });
}

/** This repository's onnxruntime-node under qemu-user. */
function openEmulated(processor: string): Promise<Engine> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw unavailable(`qemu-x86_64 runs this Node on x86-64 Linux alone; this is ${process.platform} ${process.arch}`);
  }
  if (spawnSync("qemu-x86_64", ["--version"]).status !== 0) {
    throw unavailable(
      "qemu-x86_64 is not there; install your system's package of qemu's user mode (Debian: qemu-user)",
    );
  }
  const ort = createRequire(new URL("../../inference/package.json", import.meta.url)).resolve("onnxruntime-node");
  return startForeign({ name: `qemu ${processor}`, ort, words: ["qemu-x86_64", "-cpu", processor] });
}

/**
 * The honest configurations of the bench: graph optimisation levels between calibration's two, an older release, and two
 * older processors.
 *
 * @param install whether the older release may be fetched
 */
export const configurations = (install: boolean): Configuration[] => [
  ...(["basic", "extended"] as const).map((optimization) => ({
    name: `${ORT_VERSION} opt=${optimization}`,
    slow: false,
    open: async () => openRuntime({ kind: "native", optimization }),
  })),
  { name: `${OLDER_VERSION} opt=all`, slow: false, open: async () => openOlder(install) },
  { name: `${ORT_VERSION} Nehalem, SSE4.2`, slow: true, open: async () => openEmulated("Nehalem") },
  { name: `${ORT_VERSION} Haswell, AVX2`, slow: true, open: async () => openEmulated("Haswell") },
];
