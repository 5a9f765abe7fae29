import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readModel } from "@surety/inference";
import { SuretyError } from "@surety/protocol";
import type { ServedModel } from "./model.ts";

/**
 * Reads every model of a folder: each has a folder of its own with `model.onnx`, `manifest.json` and `profile.json`.
 * @throws SuretyError PROVIDER_NO_MODELS, or what `readModel` of @surety/inference throws
 */
export async function readModels(directory: string): Promise<ServedModel[]> {
  const names = existsSync(directory) ? readdirSync(directory).sort() : [];
  const folders = names.map((name) => join(directory, name)).filter((path) => existsSync(join(path, "manifest.json")));
  if (folders.length === 0) {
    const message = `${directory} holds no models; needs folders with model.onnx, manifest.json and profile.json.`;
    throw new SuretyError("PROVIDER_NO_MODELS", message);
  }
  const stored = await Promise.all(folders.map(readModel));
  return stored.map(({ id, manifest, profile, model }) => ({ modelId: id, manifest, profile, onnx: model }));
}
