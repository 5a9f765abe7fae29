import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readModel, type StoredModel } from "@surety/inference";
import { DATATYPES, SuretyError } from "@surety/protocol";
import { formatUnits, type Hex } from "viem";
import type { Context } from "../context.ts";
import { read } from "../contracts.ts";
import { type Call, type Done, perform } from "../perform.ts";
import { callOf } from "./stake.ts";

/** The tolerance of one output as the model registry holds it. */
export type OutputLimit = {
  name: string;
  /** ONNX number of the element type. */
  elementType: number;
  /** wad (1e18 = 1), 0: exact. */
  tauMax: bigint;
};

/** What is known of a model that was registered, or is by now. */
export type RegisteredModel = { id: Hex; name: string; outputs: OutputLimit[]; already: boolean };

/**
 * Reads one model's folder (`model.onnx`, `manifest.json`, `profile.json`), or every such folder in a folder. All hashes
 * are checked.
 * @throws {SuretyError} `MODELS_MISSING` if there is none, or what `readModel` throws.
 */
export async function readModels(path: string): Promise<StoredModel[]> {
  const isModel = (folder: string) => existsSync(join(folder, "manifest.json"));
  const folders = isModel(path) ? [path] : subfolders(path).filter(isModel);
  if (folders.length === 0) {
    const message = `There is no model in ${path}; expected manifest.json, profile.json and model.onnx in it or in folders in it.`;
    throw new SuretyError("MODELS_MISSING", message, { details: { path } });
  }
  const models: StoredModel[] = [];
  for (const folder of folders) models.push(await readModel(folder));
  return models;
}

function subfolders(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(path, entry.name))
    .toSorted();
}

/** The tolerances of a model's outputs in the form that the chain keeps, each rounded down. */
export function outputLimits({ profile }: Pick<StoredModel, "profile">): OutputLimit[] {
  return profile.outputs.map(({ name, datatype, tauMax }) => ({
    name,
    elementType: DATATYPES[datatype].onnx,
    tauMax: toWad(tauMax),
  }));
}

/** A number of a profile in wad, rounded down, taken as the decimal that its canonical JSON shows. */
export function toWad(value: number): bigint {
  const [, whole = "", part = "", exponent = "0"] = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  if (whole === "") throw new RangeError(`${value} is no number of at least 0`);
  const digits = BigInt(whole + part);
  const shift = 18 + Number(exponent) - part.length;
  return shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
}

/**
 * Registers models that the chain does not know yet. One that it knows with the same terms is left alone.
 * @param args.uri Where manifests can be fetched: `{name}` and `{id}` in it stand for the model's.
 * @throws {SuretyError} `MODEL_SQUATTED` if the id is taken with other terms, or a refusal.
 */
export async function registerModels(
  context: Context,
  args: { models: readonly StoredModel[]; uri?: string | undefined },
): Promise<Done & { models: RegisteredModel[] }> {
  const plan: Call[] = [];
  const models: RegisteredModel[] = [];
  for (const model of args.models) {
    const { id, manifest } = model;
    const { name, profileHash, maxOpenBytes } = manifest;
    const outputs = outputLimits(model);
    const uri = (args.uri ?? "").replaceAll("{name}", name).replaceAll("{id}", id);
    const already = await isKnown(context, model, outputs);
    models.push({ id, name, outputs, already });
    if (already) continue;
    const shown = {
      model: `${name} ${id}`,
      profile: profileHash,
      "max open bytes": String(maxOpenBytes),
      outputs: outputs.map((output) => `${output.name} within ${formatUnits(output.tauMax, 18)}`).join(", "),
      uri: uri || "none",
    };
    plan.push(callOf(context, "ModelRegistry", "register", [id, profileHash, maxOpenBytes, outputs, uri], shown));
  }
  return { calls: await perform(context, plan), models };
}

/** Whether the chain knows the model, with these terms. */
async function isKnown(context: Context, { id, manifest }: StoredModel, outputs: OutputLimit[]): Promise<boolean> {
  if (!(await read(context, "ModelRegistry", "isModel", [id]))) return false;
  const [profileHash, maxOpenBytes, limits] = await read(context, "ModelRegistry", "model", [id]);
  const text = (list: readonly OutputLimit[]) => list.map((o) => `${o.name} ${o.elementType} ${o.tauMax}`).join("|");
  const same =
    profileHash === manifest.profileHash && maxOpenBytes === manifest.maxOpenBytes && text(limits) === text(outputs);
  if (same) return true;
  const message = `${manifest.name} (${id}) is registered with other terms than its manifest and profile; nobody should serve it. Any change to the manifest, such as its name, gives it another id.`;
  throw new SuretyError("MODEL_SQUATTED", message, { details: { id, have: limits, need: outputs } });
}
