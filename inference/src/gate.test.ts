import { SuretyError } from "@surety/protocol";
import { expect } from "chai";
import protobuf from "protobufjs/minimal.js";
import { inspectModel, SERVING } from "./gate.ts";
import { buildModel, encodeMessage, floats, honestGraph, node, type Plain, value } from "./testing/build-onnx.ts";

function refusal(bytes: Uint8Array): string {
  try {
    inspectModel(bytes);
  } catch (error) {
    if (!(error instanceof SuretyError)) throw error;
    expect(error.retryable).to.equal(false);
    return error.code.replace("INFERENCE_MODEL_", "");
  }
  return "passed";
}
const withGraph = (change: Plain, more: Plain = {}) => buildModel({ ...honestGraph(), ...change }, more);
const withNode = (op: string, more: Plain = {}, inputs = ["x"]) =>
  withGraph({ node: [node("Gemm", ["x", "w", "b"], ["y"]), node(op, inputs, ["z"], more)] });
const withConstant = (change: Plain) =>
  withGraph({ initializer: [{ ...floats("w", [3, 2], [1, 2, 3, 4, 5, 6]), ...change }] });
const withLongs = (int64Data: number[]) =>
  withGraph({ initializer: [{ name: "w", dims: [2], dataType: 7, int64Data: new Uint8Array(int64Data) }] });
const wrap = (tag: number, bytes: Uint8Array) => new protobuf.Writer().uint32(tag).bytes(bytes).finish();
const withStrings = (...strings: (string | Uint8Array)[]) =>
  withConstant({ dataType: 8, rawData: undefined, stringData: strings.map((text) => Buffer.from(text)) });

describe("gate", () => {
  it("reads inputs and outputs of an honest model", () => {
    expect(inspectModel(buildModel())).to.deep.equal({
      opset: 16,
      nodes: 1,
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 3] }],
      outputs: [{ name: "y", datatype: "FP32", shape: [-1, 2] }],
    });
  });

  it("leaves out inputs that are constants", () => {
    const graph = { ...honestGraph(), input: [value("x", ["batch", 3]), value("w", [3, 2])] };
    expect(inspectModel(buildModel(graph)).inputs.map(({ name }) => name)).to.deep.equal(["x"]);
  });

  const external = { externalData: [{ key: "location", value: "secret.txt" }] };
  const hostile: [string, string, () => Uint8Array][] = [
    ["data in another file", "EXTERNAL_DATA", () => withConstant({ ...external, dataLocation: 1, rawData: undefined })],
    ["a location without the mark", "EXTERNAL_DATA", () => withConstant(external)],
    ["the mark without a location", "EXTERNAL_DATA", () => withConstant({ dataLocation: 1 })],
    [
      "a mark that 32-bit readers truncate to external",
      "EXTERNAL_DATA",
      () => withConstant({ dataLocation: 2 ** 32 + 1 }),
    ],
    [
      "external data in an attribute",
      "EXTERNAL_DATA",
      () =>
        withNode(
          "Constant",
          { attribute: [{ name: "value", type: 4, t: { ...floats("", [1], [1]), ...external } }] },
          [],
        ),
    ],
    [
      "external data in a list of tensors",
      "EXTERNAL_DATA",
      () =>
        withNode(
          "Constant",
          { attribute: [{ name: "v", type: 9, tensors: [{ ...floats("", [1], [1]), ...external }] }] },
          [],
        ),
    ],
    ["an operator of another domain", "DOMAIN", () => withNode("Gelu", { domain: "com.microsoft" })],
    ["operators of training", "DOMAIN", () => withNode("Adam", { domain: "ai.onnx.preview.training" })],
    [
      "an import of another domain",
      "DOMAIN",
      () => buildModel(undefined, { opsetImport: [{ version: 16 }, { domain: "com.evil", version: 1 }] }),
    ],
    ...["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"].map(
      (op): [string, string, () => Uint8Array] => [op, "RANDOM_OPERATOR", () => withNode(op)],
    ),
    ["Dropout that may train", "RANDOM_OPERATOR", () => withNode("Dropout", {}, ["x", "", "training"])],
    ["model-local functions", "FUNCTION", () => buildModel(undefined, { functions: [{ name: "F" }] })],
    ["training steps", "CONTROL_FLOW", () => buildModel(undefined, { trainingInfo: [{}] })],
    ...[14, 16, 17, 21, 22, 23, 25, 26, 0, 99].map((type): [string, string, () => Uint8Array] => [
      `an output of type ${type}`,
      "ELEMENT_TYPE",
      () => withGraph({ output: [value("y", ["batch", 2], type)] }),
    ]),
    ["an input of 4-bit integers", "ELEMENT_TYPE", () => withGraph({ input: [value("x", ["batch", 3], 21)] })],
    [
      "an output that is a sequence",
      "ELEMENT_TYPE",
      () => withGraph({ output: [{ name: "y", type: { sequenceType: {} } }] }),
    ],
    ["an output without type", "ELEMENT_TYPE", () => withGraph({ output: [{ name: "y" }] })],
    ["too few strings", "MALFORMED", () => withStrings("a", "b")],
    ["strings that are numbers, too", "MALFORMED", () => withConstant({ dataType: 8, stringData: [new Uint8Array()] })],
    ["a string with a zero byte", "ELEMENT_TYPE", () => withStrings("a", "b", "c\0d", "", "", "")],
    ["a string that is no UTF-8", "ELEMENT_TYPE", () => withStrings("a", Buffer.from([0xff]), "", "", "", "")],
    ["numbers in a field of strings", "ELEMENT_TYPE", () => withConstant({ stringData: [new Uint8Array()] })],
    ["a sparse constant", "ELEMENT_TYPE", () => withGraph({ sparseInitializer: [{ dims: [2] }] })],
    [
      "external data in a sparse constant",
      "EXTERNAL_DATA",
      () => withGraph({ sparseInitializer: [{ dims: [2], values: { ...floats("s", [1], [1]), ...external } }] }),
    ],
    [
      "a sparse attribute",
      "ELEMENT_TYPE",
      () => withNode("Constant", { attribute: [{ name: "v", sparseTensor: { dims: [2] } }] }, []),
    ],
    ["no shape", "SHAPE", () => withGraph({ output: [{ name: "y", type: { tensorType: { elemType: 1 } } }] })],
    ["a dimension of zero", "SHAPE", () => withGraph({ input: [value("x", ["batch", 0])] })],
    ["no input", "SHAPE", () => withGraph({ input: [] })],
    ["two outputs of one name", "SHAPE", () => withGraph({ output: [value("y", ["b", 2]), value("y", ["b", 2])] })],
    ["rank 9", "RANK", () => withGraph({ input: [value("x", [1, 1, 1, 1, 1, 1, 1, 1, 3])] })],
    ["rank 9 in between", "RANK", () => withGraph({ valueInfo: [value("z", [1, 1, 1, 1, 1, 1, 1, 1, 3])] })],
    ["a constant of rank 9", "RANK", () => withConstant({ dims: [1, 1, 1, 1, 1, 1, 1, 3, 2] })],
    ["too few bytes", "MALFORMED", () => withConstant({ rawData: new Uint8Array(23) })],
    ["a number cut in two", "MALFORMED", () => withLongs([0x80, 0x01, 0x05, 0x80])],
    ["a number of eleven bytes", "MALFORMED", () => withLongs([...Array(10).fill(0x80), 0x01, 0x05])],
    ["a dimension beyond 53 bits", "MALFORMED", () => withConstant({ dims: [2 ** 60, 0] })],
    ["a negative dimension", "MALFORMED", () => withConstant({ dims: [-3, -2] })],
    ["a product that overflows", "TOO_LARGE", () => withConstant({ dims: [2 ** 32, 2 ** 32] })],
    ["data in the wrong field", "MALFORMED", () => withConstant({ rawData: undefined, int64Data: new Uint8Array(6) })],
    ["raw data beside typed data", "MALFORMED", () => withConstant({ floatData: new Uint8Array(24) })],
    ["operator set 6", "OPSET", () => buildModel(undefined, { opsetImport: { version: 6 } })],
    ["operator set 27", "OPSET", () => buildModel(undefined, { opsetImport: { version: 27 } })],
    ["no operator set", "OPSET", () => buildModel(undefined, { opsetImport: [] })],
    [
      "two default operator sets",
      "OPSET",
      () => buildModel(undefined, { opsetImport: [{ version: 16 }, { domain: "ai.onnx", version: 17 }] }),
    ],
    [
      "two graphs, of which readers keep one or both",
      "MALFORMED",
      () => buildModel(undefined, { graph: [honestGraph(), honestGraph()] }),
    ],
    [
      "a dimension with both a number and a name",
      "SHAPE",
      () =>
        withGraph({
          input: [
            { name: "x", type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 2, dimParam: "n" }] } } } },
          ],
        }),
    ],
    ["no graph", "MALFORMED", () => encodeMessage("Model", { irVersion: 8, opsetImport: { version: 16 } })],
    [
      "a field that onnx.proto does not know",
      "MALFORMED",
      () => Buffer.concat([buildModel(), Buffer.from([0xfa, 0x01, 0x00])]),
    ],
    ["a group", "MALFORMED", () => Buffer.concat([buildModel(), Buffer.from([0x0b, 0x0c])])],
    ["a name that is not UTF-8", "MALFORMED", () => Buffer.concat([buildModel(), Buffer.from([0x1a, 0x01, 0xff])])],
    ["a cut file", "MALFORMED", () => buildModel().subarray(0, -3)],
    ["garbage", "MALFORMED", () => new Uint8Array(64).fill(0xee)],
    [
      "onnxruntime's own format",
      "MALFORMED",
      () => Buffer.concat([Buffer.from([0x32, 5, 0, 0]), Buffer.from("ORTM"), buildModel()]),
    ],
    ["nothing", "TOO_LARGE", () => new Uint8Array()],
    ["a file beyond the limit", "TOO_LARGE", () => new Uint8Array(SERVING.fileBytes + 1)],
    [
      "a million empty names",
      "TOO_LARGE",
      () =>
        wrap(
          58,
          wrap(
            10,
            new Uint8Array(2_000_002).map((_, i) => (i % 2 === 0 ? 10 : 0)),
          ),
        ),
    ],
    [
      "too many operators",
      "TOO_LARGE",
      () => withGraph({ node: Array.from({ length: SERVING.nodes + 1 }, () => ({})) }),
    ],
  ];
  for (const [what, code, build] of hostile) {
    it(`refuses ${what}`, () => expect(refusal(build())).to.equal(code));
  }

  it("refuses the format mark of onnxruntime even where the rest is an honest ONNX file", () => {
    // producer_name comes second, so its content starts at byte 4: both readers would take the file for theirs.
    const bytes = encodeMessage("Model", {
      irVersion: 8,
      producerName: "ORTM",
      opsetImport: { version: 16 },
      graph: honestGraph(),
    });
    expect(Buffer.from(bytes.subarray(4, 8)).toString()).to.equal("ORTM");
    expect(refusal(bytes)).to.equal("MALFORMED");
  });

  it("lets constants, inputs and outputs of strings pass", () => {
    const strings = { name: "w", dims: [2], dataType: 8, stringData: [Buffer.from("é"), Buffer.from("")] };
    const model = buildModel({
      name: "g",
      node: [node("StringConcat", ["x", "w"], ["y"])],
      initializer: [strings],
      input: [value("x", ["batch", 2], 8)],
      output: [value("y", ["batch", 2], 8)],
    });
    expect(inspectModel(model).outputs).to.deep.equal([{ name: "y", datatype: "BYTES", shape: [-1, 2] }]);
  });

  it("counts the elements of constants in typed fields", () => {
    const good = { ...floats("w", [3, 2], []), rawData: undefined, floatData: new Uint8Array(24) };
    expect(refusal(withGraph({ initializer: [good] }))).to.equal("passed");
    expect(refusal(withGraph({ initializer: [{ ...good, floatData: new Uint8Array(20) }] }))).to.equal("MALFORMED");
    const ints = { name: "w", dims: [2], dataType: 7, int64Data: new Uint8Array([0x80, 0x01, 0x05]) };
    expect(refusal(withGraph({ initializer: [ints] }))).to.equal("passed");
    expect(refusal(withGraph({ initializer: [{ ...ints, dims: [3] }] }))).to.equal("MALFORMED");
  });
});
