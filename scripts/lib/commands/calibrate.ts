import { basename, dirname, extname } from "node:path";
import { buildManifest, inspectModel } from "@surety/inference";
import { kind } from "@surety/node-kit";
import { canonicalJson, modelId, profileHash, type Tensor, type TensorSpec } from "@surety/protocol";
import { defineTool, EXIT, usageError } from "../tool.ts";
import { calibrateModel } from "../tools/calibration.ts";
import { drawInputs } from "../tools/draw.ts";
import { FILE_LIMITS, inFile, needWritable, readBounded, writeWhole } from "../tools/files.ts";
import { readInputLines } from "../tools/input-lines.ts";
import { defaultSpec, readSpec } from "../tools/input-spec.ts";
import { profileText } from "../tools/profile-text.ts";
import { createProgress } from "../tools/progress.ts";

type From = { inputs?: string | undefined; spec?: string | undefined; count: number; seed: number };

/** The inputs to calibrate with, and in words where they come from. */
async function gather(
  specs: readonly TensorSpec[],
  { inputs, spec, count, seed }: From,
): Promise<[Tensor[][], string]> {
  if (inputs !== undefined) {
    const sets = await readInputLines(inputs, specs);
    return [sets, `${sets.length} inputs of ${inputs}`];
  }
  const rules = spec === undefined ? defaultSpec(specs) : await readSpec(spec, specs);
  const how = rules.map(({ name, shape, distribution }) => `${name} [${shape}] ${distribution}`).join(", ");
  const note = spec === undefined ? " (by default: real inputs, by --inputs or --spec, make a better profile)" : "";
  return [drawInputs(rules, count, seed), `${count} inputs drawn with seed ${seed}: ${how}${note}`];
}

/** A name that a manifest accepts, from the file's, or its folder's if the file is just called "model". */
function nameOf(path: string): string {
  const own = basename(path, extname(path));
  const name = own === "model" ? basename(dirname(path)) : own;
  return (
    name
      .replaceAll(/[^A-Za-z0-9._-]/g, "-")
      .replace(/^[^A-Za-z0-9]+/, "")
      .slice(0, 64) || "model"
  );
}

/** `surety model calibrate`: makes a model's tolerance profile. */
export const calibrateCommand = defineTool({
  name: "calibrate",
  about: "Measures how far honest runs of a model differ and how far cheats do, and writes its tolerance profile.",
  example:
    "surety model calibrate --model model.onnx --inputs inputs.jsonl --out profile.json --manifest manifest.json",
  settings: {
    model: { kind: kind.path("./model.onnx"), about: "the ONNX file" },
    inputs: {
      kind: kind.path("./inputs.jsonl"),
      about: 'JSON Lines, each the body of an inference request, {"inputs":[...]}',
      optional: true,
    },
    spec: {
      kind: kind.path("./spec.json"),
      about: "JSON that says how to draw inputs: see docs/check.md",
      optional: true,
    },
    count: { kind: kind.integer(64, 1_000_000, 256), about: "inputs to draw", default: "256" },
    seed: {
      kind: kind.integer(0, Number.MAX_SAFE_INTEGER, 1),
      about: "seed to draw by, kept in the profile",
      default: "1",
    },
    out: { kind: kind.path("./profile.json"), about: "where to write the profile, as canonical JSON" },
    manifest: { kind: kind.path("./manifest.json"), about: "where to write a manifest too", optional: true },
    name: {
      kind: kind.text(1, 64),
      about: "name in the manifest; default: the model's file or folder",
      optional: true,
    },
    timeout: {
      kind: kind.integer(1, 86_400, 120),
      about: "longest time of one call of 32 inputs, seconds",
      default: "120",
    },
  },
  async run({ model: path, inputs: file, spec, count, seed, out, manifest: manifestPath, name, timeout }, io) {
    if (file !== undefined && spec !== undefined) throw usageError("Give --inputs or --spec, not both.");
    if (name !== undefined && manifestPath === undefined)
      throw usageError("--name is for the manifest; add --manifest.");
    if (out === manifestPath) throw usageError("--out and --manifest are one file; give each its own.");
    for (const target of [out, manifestPath]) if (target !== undefined) await needWritable(target);
    const model = await readBounded(path, FILE_LIMITS.model);
    const specs = inFile(path, () => inspectModel(model)).inputs;
    const [inputs, origin] = await gather(specs, { inputs: file, spec, count, seed });
    const profile = await calibrateModel({ model, inputs, seed }, timeout * 1000, createProgress(io));
    await writeWhole(out, canonicalJson(profile));
    const hash = profileHash(profile);
    const lines = [`keccak256 of the profile: ${hash}`, `Wrote ${out}.`];
    const json: Record<string, unknown> = { profileHash: hash, origin, out, profile };
    if (manifestPath !== undefined) {
      const manifest = buildManifest({ name: name ?? nameOf(path), model, profile, inputs });
      await writeWhole(manifestPath, canonicalJson(manifest));
      Object.assign(json, { modelId: modelId(manifest), manifest: manifestPath });
      lines.push(`Model id, the keccak256 of the manifest: ${modelId(manifest)}`, `Wrote ${manifestPath}.`);
    }
    return { code: EXIT.ok, json, text: `${origin}\n\n${profileText(profile)}\n${lines.join("\n")}\n` };
  },
});
