import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readModel, type StoredModel } from "@surety/inference";
import { SuretyError, type Tensor } from "@surety/protocol";
import type { InputSource, Log, Rng } from "./ports.ts";
import { below } from "./random.ts";

/**
 * Reads every model of a folder: each has a folder of its own with `model.onnx`, `manifest.json` and `profile.json`.
 * @throws SuretyError VERIFIER_NO_MODELS, or what `readModel` of @surety/inference throws
 */
export async function readModels(directory: string): Promise<StoredModel[]> {
  const names = existsSync(directory) ? readdirSync(directory).sort() : [];
  const folders = names.map((name) => join(directory, name)).filter((path) => existsSync(join(path, "manifest.json")));
  if (folders.length > 0) return Promise.all(folders.map(readModel));
  const message = `${directory} holds no models; needs folders with model.onnx, manifest.json and profile.json.`;
  throw new SuretyError("VERIFIER_NO_MODELS", message);
}

/** Real inputs of a model: `at(i)` for i from 0 to `count` - 1. */
export type RealInputs = { count: number; at: (index: number) => Tensor[] };

/** Gives a random one of a model's real inputs each time. */
export function randomInputs(sources: ReadonlyMap<string, RealInputs>, rng: Rng): InputSource {
  return (modelId) => {
    const source = sources.get(modelId);
    return source?.at(Number(below(rng, BigInt(source.count))));
  };
}

/**
 * Loads the operator's module of real inputs, which exports `loadInputs(name)` with `{ count, at(index) }` for a model's name.
 * A model without inputs cannot be probed: its probe seats abstain; its re-run seats can be served.
 * @throws SuretyError VERIFIER_BAD_INPUTS if the file cannot be loaded or exports no such function
 */
export async function loadInputModule(
  file: string,
  models: readonly StoredModel[],
  log: Log,
): Promise<Map<string, RealInputs>> {
  const module = await import(pathToFileURL(resolve(file)).href).catch((cause: Error) => {
    const message = `${file} cannot be loaded: ${cause.message}. Needs a module that exports loadInputs(name).`;
    throw new SuretyError("VERIFIER_BAD_INPUTS", message, { cause });
  });
  if (typeof module.loadInputs !== "function") {
    throw new SuretyError("VERIFIER_BAD_INPUTS", `${file} exports no loadInputs(name) with { count, at(index) }.`);
  }
  const sources = new Map<string, RealInputs>();
  for (const { id, manifest } of models) {
    try {
      const source = module.loadInputs(manifest.name) as RealInputs;
      if (!(source.count > 0)) throw new SuretyError("VERIFIER_BAD_INPUTS", `it gives ${source.count} inputs`);
      sources.set(id, source);
    } catch (err) {
      log.warn({ err, model: manifest.name }, "no inputs for this model: it abstains on its probe seats");
    }
  }
  return sources;
}
