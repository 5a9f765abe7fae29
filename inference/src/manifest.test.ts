import { fileURLToPath } from "node:url";
import { bytesTensor, domainProblem, floatTensor } from "@surety/protocol";
import { expect } from "chai";
import { buildManifest } from "./manifest.ts";
import { readModel } from "./model-store.ts";
import { buildModel, node, value } from "./testing/build-onnx.ts";

describe("manifest", () => {
  it("gives an input of strings no bounds, and takes any string there", async () => {
    const { profile } = await readModel(fileURLToPath(new URL("../../models/digits-cnn", import.meta.url)));
    const model = buildModel({
      name: "g",
      node: [node("Identity", ["s"], ["t"]), node("Abs", ["x"], ["y"])],
      input: [value("s", [1], 8), value("x", [1])],
      output: [value("t", [1], 8), value("y", [1])],
    });
    const set = (text: string, x: number) => [bytesTensor("s", [1], [text]), floatTensor("x", [1], [x])];
    const manifest = buildManifest({ name: "named", model, profile, inputs: [set("a", 1), set("b", 3)] });
    expect(manifest.inputs).to.deep.equal([
      { name: "s", datatype: "BYTES", shape: [1], min: null, max: null },
      { name: "x", datatype: "FP32", shape: [1], min: 0, max: 4 },
    ]);
    expect(domainProblem(manifest, set("anything", 2))).to.equal(null);
    expect(domainProblem(manifest, set("anything", 5))).to.match(/element 0 of x/);
  });
});
