import { readFileSync } from "node:fs";
import { toFloats, toIntegers } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import { MODEL_NAMES } from "../../../models/inputs.ts";
import { buildModel, encodeMessage, honestGraph, node, type Plain } from "../testing/build-onnx.ts";
import { decodeModel, decodeTensor } from "./decode.ts";
import { toTensor } from "./to-tensor.ts";

const withAttribute = (attribute: Plain) =>
  buildModel({ ...honestGraph(), node: [node("Slice", ["x"], ["y"], { attribute: [attribute] })] });
const attributeOf = (bytes: Uint8Array) => decodeModel(bytes).graph!.node[0]!.attribute[0]!;

describe("decoder", () => {
  for (const name of MODEL_NAMES) {
    it(`keeps all of ${name}: written back and read again it is the same`, () => {
      const file = new Uint8Array(readFileSync(new URL(`../../../models/${name}/model.onnx`, import.meta.url)));
      const model = decodeModel(file);
      expect(decodeModel(encodeMessage("Model", model as unknown as Plain))).to.deep.equal(model);
    });
  }

  it("keeps integers of 64 bits", () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1 }), (ints) => {
        const read = attributeOf(withAttribute({ name: "ends", type: 7, i: ints[0]!, ints }));
        expect(read.ints.map(BigInt)).to.deep.equal(ints);
        expect(BigInt(read.i!)).to.equal(ints[0]);
        for (const int of read.ints) expect(typeof int === "number").to.equal(Number.isSafeInteger(Number(int)));
      }),
    );
  });

  it("reads functions, training steps, sparse tensors and nested types as data", () => {
    const tensorType = { elemType: 1 };
    const more = {
      functions: [{ name: "F", domain: "d", attribute: ["a"], node: [node("Relu", ["x"], ["y"])] }],
      trainingInfo: [{ algorithm: honestGraph() }],
    };
    const type = { optionalType: { elemType: { sequenceType: { elemType: { tensorType } } } } };
    const sparse = { dims: [9], values: { dims: [1], dataType: 1, rawData: new Uint8Array(4) } };
    const graph = { ...honestGraph(), valueInfo: [{ name: "v", type }], sparseInitializer: [sparse] };
    const model = decodeModel(buildModel(graph, more));
    expect(model.functions[0]).to.deep.include({ name: "F", domain: "d", attribute: ["a"] });
    expect(model.functions[0]!.node[0]!.opType).to.equal("Relu");
    expect(model.trainingInfo[0]!.algorithm!.node[0]!.opType).to.equal("Gemm");
    expect(model.graph!.valueInfo[0]!.type!.optionalType!.elemType!.sequenceType!.elemType).to.deep.equal({
      tensorType,
    });
    expect(model.graph!.sparseInitializer[0]!.dims).to.deep.equal([9]);
  });

  it("reads the same values from typed fields as from raw data", () => {
    const read = (fields: Plain) => toTensor("t", decodeTensor(encodeMessage("Tensor", fields)));
    const minusOne = [...Array(9).fill(0xff), 1];
    const int = (dataType: number, field: string, bytes: number[], dims = [1]) =>
      toIntegers(read({ dims, dataType, [field]: Uint8Array.from(bytes) }));
    for (const type of [3, 5, 6]) expect(int(type, "int32Data", minusOne)).to.deep.equal([-1n]);
    expect(int(7, "int64Data", [...minusOne, 0x80, 1], [2])).to.deep.equal([-1n, 128n]);
    expect(int(13, "uint64Data", minusOne)).to.deep.equal([2n ** 64n - 1n]);
    expect(int(12, "uint64Data", [0xff, 0xff, 0xff, 0xff, 0x0f])).to.deep.equal([2n ** 32n - 1n]);
    expect(int(9, "int32Data", [5, 0], [2])).to.deep.equal([1n, 0n]);
    expect(int(9, "rawData", [5, 0], [2])).to.deep.equal([1n, 0n]);
    const half = read({ dims: [1], dataType: 10, int32Data: Uint8Array.of(0x80, 0x78) });
    expect([...toFloats(half)]).to.deep.equal([1]);
    const floats = new Uint8Array(Float32Array.of(1.5, -2).buffer);
    expect([...toFloats(read({ dims: [2], dataType: 1, floatData: floats }))]).to.deep.equal([1.5, -2]);
  });
});
