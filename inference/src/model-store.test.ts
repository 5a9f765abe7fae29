import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { modelId } from "@surety/protocol";
import { expect } from "chai";
import { checkModel, readModel } from "./model-store.ts";
import { refusal } from "./testing/refusal.ts";

const folder = (name: string) => fileURLToPath(new URL(`../../models/${name}`, import.meta.url));

describe("model store", () => {
  it("reads the models of the repository", async () => {
    for (const name of ["eth-spot-tcn", "eth-regime-transformer", "digits-cnn"]) {
      const stored = await readModel(folder(name));
      expect(stored.manifest.name).to.equal(name);
      expect(stored.id).to.equal(modelId(stored.manifest));
      expect(stored.manifest.batchAxis).to.equal(0);
    }
  });

  it("refuses parts that do not belong together", async () => {
    const good = await readModel(folder("digits-cnn"));
    const other = await readModel(folder("eth-spot-tcn"));
    const { manifest, profile, model } = good;
    expect(checkModel(good)).to.deep.equal(good);
    const [input] = manifest.inputs;
    const [output] = profile.outputs;
    const spoiled: [string, object][] = [
      ["another model's file", { model: other.model }],
      ["a file with one bit changed", { model: model.map((byte, i) => (i === model.length - 1 ? byte ^ 1 : byte)) }],
      ["another model's profile", { profile: other.profile }],
      ["wider limits", { profile: { ...profile, outputs: [{ ...output, tauMax: output!.tauMax * 1.1 }] } }],
      ["another profile hash", { manifest: { ...manifest, profileHash: other.manifest.profileHash } }],
      ["another runtime", { manifest: { ...manifest, runtime: "onnxruntime-node@1.29.0" } }],
      ["another input shape", { manifest: { ...manifest, inputs: [{ ...input, shape: [-1, 1, 8, 9] }] } }],
      ["another output name", { manifest: { ...manifest, outputs: [{ ...manifest.outputs[0], name: "scores" }] } }],
    ];
    for (const [what, change] of spoiled) {
      expect((await refusal(() => checkModel({ ...good, ...change }))).code, what).to.equal("INFERENCE_STORE_MISMATCH");
    }
    expect((await refusal(() => checkModel({ ...good, manifest: {} }))).code).to.equal("PROTOCOL_BAD_MANIFEST");
    expect((await refusal(() => checkModel({ ...good, profile: null }))).code).to.equal("PROTOCOL_BAD_PROFILE");
  });

  it("says which file is missing or broken", async () => {
    const directory = await mkdtemp(join(tmpdir(), "surety-test-"));
    try {
      expect((await refusal(readModel(directory))).code).to.equal("INFERENCE_STORE_MISSING");
      for (const file of ["model.onnx", "manifest.json", "profile.json"]) await writeFile(join(directory, file), "{");
      expect((await refusal(readModel(directory))).code).to.equal("INFERENCE_STORE_MALFORMED");
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
