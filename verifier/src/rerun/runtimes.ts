import { createHash } from "node:crypto";
import type { Runtime } from "@surety/inference";
import { encodeParts, SuretyError, type Tensor } from "@surety/protocol";
import type { Hex } from "viem";
import type { Rerunner } from "../ports.ts";

type Runs = Pick<Runtime, "run" | "runMany">;

/**
 * Runs all sets in one message; if that fails, one by one, so that a set which a runtime refuses, or dies of, costs no other
 * set its result.
 */
async function runEach(runtime: Runs, modelId: Hex, sets: Tensor[][]): Promise<(Tensor[] | Error)[]> {
  try {
    return await runtime.runMany(modelId, sets);
  } catch (error) {
    if (!(error instanceof SuretyError) || error.code === "INFERENCE_CLOSED") throw error;
    if (sets.length === 1) return [error];
  }
  const results: (Tensor[] | Error)[] = [];
  for (const set of sets) results.push(...(await runEach(runtime, modelId, [set])));
  return results;
}

type RunSets = (modelId: Hex, sets: Tensor[][]) => Promise<(Tensor[] | Error)[]>;

/** Results that are kept, of one runtime. */
const MOST_RESULTS = 2_048;

function hashOf(tensors: Tensor[]): string {
  const hash = createHash("sha256");
  for (const part of encodeParts(tensors)) hash.update(part);
  return hash.digest("hex");
}

/**
 * Runs an input once for all who ask for it: verifiers of one process share their runtimes, and five seats ask for the same
 * leaves. A run that failed is not kept.
 */
function shared(run: RunSets): RunSets {
  const known = new Map<string, Promise<Tensor[] | Error>>();
  const keep = (key: string, result: Promise<Tensor[] | Error>): void => {
    const [oldest] = known.size < MOST_RESULTS ? [] : known.keys();
    if (oldest !== undefined) known.delete(oldest);
    known.set(key, result);
    const drop = () => known.get(key) === result && known.delete(key);
    result.then((outcome) => outcome instanceof Error && drop(), drop);
  };
  return async (modelId, sets) => {
    const keys = sets.map((set) => `${modelId}${hashOf(set)}`);
    const wanted = new Map(keys.map((key) => [key, known.get(key)]));
    const fresh = [...wanted.keys()].filter((key) => wanted.get(key) === undefined);
    if (fresh.length > 0) {
      const runs = run(
        modelId,
        fresh.map((key) => sets[keys.indexOf(key)]!),
      );
      for (const [place, key] of fresh.entries()) {
        const result = runs.then((results) => results[place]!);
        wanted.set(key, result);
        keep(key, result);
      }
    }
    return Promise.all(keys.map((key) => wanted.get(key)!));
  };
}

/** Makes a rerunner from a native and a WASM runtime that hold the models. */
export const createOwnRuns = (runtimes: { native: Runs; wasm: Runs }): Rerunner => ({
  native: shared((modelId, sets) => runEach(runtimes.native, modelId, sets)),
  wasm: shared((modelId, sets) => runEach(runtimes.wasm, modelId, sets)),
});
