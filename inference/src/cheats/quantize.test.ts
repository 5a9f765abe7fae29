import { floatTensor, SuretyError } from "@surety/protocol";
import { expect } from "chai";
import { inspectModel } from "../gate.ts";
import { decodeModel } from "../onnx/decode.ts";
import { createRuntime } from "../runtime.ts";
import { buildModel, floats, honestGraph, node } from "../testing/build-onnx.ts";
import { quantizeWeights } from "./quantize.ts";

const weightsOf = (model: Uint8Array, name: string) => {
  const tensor = decodeModel(model).graph!.initializer.find((constant) => constant.name === name)!;
  const bytes = (tensor.rawData ?? tensor.floatData)!.slice();
  return [...new Float32Array(bytes.buffer)];
};
const near = (have: number[], need: number[]) => {
  expect(have.length).to.equal(need.length);
  for (const [i, value] of have.entries()) expect(value).to.be.closeTo(need[i]!, 1e-6);
};
/** A graph of one operator with the weights 127, 1.4, 0.6 / 12.7, 0.26, 0.1 in shape [2, 3]. */
const withWeights = (op: string, more = {}, data = {}) =>
  buildModel({
    ...honestGraph(),
    node: [node(op, ["x", "w"], ["y"], more)],
    initializer: [{ ...floats("w", [2, 3], [127, 1.4, 0.6, 12.7, 0.26, 0.1]), ...data }],
  });
const perRow = [127, 1, 1, 12.7, 0.3, 0.1];
const perColumn = [127, 1.4, 0.6, 13, 0.264566929, 0.099212598];

describe("quantizeWeights", () => {
  it("rounds per output channel, whichever axis the operator keeps it on", () => {
    const transposed = { attribute: [{ name: "transB", type: 2, i: 1 }] };
    near(weightsOf(quantizeWeights(withWeights("Gemm", transposed)).model, "w"), perRow);
    near(weightsOf(quantizeWeights(withWeights("Conv")).model, "w"), perRow);
    near(weightsOf(quantizeWeights(withWeights("Gemm")).model, "w"), perColumn);
    near(weightsOf(quantizeWeights(withWeights("MatMul")).model, "w"), perColumn);
    near(weightsOf(quantizeWeights(withWeights("ConvTranspose")).model, "w"), perColumn);
  });

  it("finds weights in packed fields and in Constant operators", () => {
    const raw = new Uint8Array(Float32Array.from([127, 1.4, 0.6, 12.7, 0.26, 0.1]).buffer);
    const packed = withWeights("MatMul", {}, { rawData: undefined, floatData: raw });
    near(weightsOf(quantizeWeights(packed).model, "w"), perColumn);
    const constant = node("Constant", [], ["c"], {
      attribute: [{ name: "value", type: 4, t: floats("", [2, 1], [127, 0.6]) }],
    });
    const { weights } = quantizeWeights(
      buildModel({ ...honestGraph(), node: [constant, node("MatMul", ["x", "c"], ["y"])], initializer: [] }),
    );
    expect(weights).to.deep.equal([{ name: "c", channels: 1, elements: 2 }]);
  });

  it("leaves the original, biases, other operators and the file's size alone", async () => {
    const model = buildModel();
    const before = model.slice();
    const { model: copy, weights } = quantizeWeights(model);
    expect(model).to.deep.equal(before);
    expect(weights).to.deep.equal([{ name: "w", channels: 2, elements: 6 }]);
    expect(copy.length).to.equal(model.length);
    expect(weightsOf(copy, "b")).to.deep.equal(weightsOf(model, "b"));
    expect(weightsOf(copy, "w")).to.not.deep.equal(weightsOf(model, "w"));
    expect(inspectModel(copy)).to.deep.equal(inspectModel(model));

    const runtime = createRuntime({ kind: "native", timeoutMs: 30_000 });
    try {
      await runtime.load("copy", copy);
      const [y] = await runtime.run("copy", [floatTensor("x", [1, 3], [1, 0, 0])]);
      near(
        [...new Float32Array(y!.data.slice().buffer)],
        [weightsOf(copy, "w")[0]! + 0.5, weightsOf(copy, "w")[1]! - 0.5],
      );
    } finally {
      await runtime.close();
    }
  });

  it("refuses a model without such weights", () => {
    const bare = buildModel({ ...honestGraph(), node: [node("Relu", ["x"], ["y"])], initializer: [] });
    expect(() => quantizeWeights(bare)).to.throw(SuretyError, "no float32 weights");
  });
});
