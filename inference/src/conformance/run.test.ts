import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { writeCase } from "../testing/backend-case.ts";
import { buildModel, floats, node, type Plain, value } from "../testing/build-onnx.ts";
import { refusal } from "../testing/refusal.ts";
import { type CaseResult, findCases, runCases } from "./index.ts";

const FLOAT = 1;
const INT32 = 6;
const STRING = 8;
const int32 = (name: string, ...values: number[]): Plain => ({
  name,
  dims: [values.length],
  dataType: INT32,
  rawData: new Uint8Array(Int32Array.from(values).buffer),
});
const strings = (name: string, ...values: string[]): Plain => ({
  name,
  dims: [values.length],
  dataType: STRING,
  stringData: values.map((text) => Buffer.from(text)),
});
/** A model of one operator; all its values have one dimension and one type. */
const model = (op: string, inputs: string[], type = FLOAT, more: Plain = {}) =>
  buildModel(
    {
      name: "g",
      node: [node(op, inputs, ["y"])],
      input: inputs.map((name) => value(name, ["n"], type)),
      output: [value("y", ["n"], type)],
      ...more,
    },
    { opsetImport: { version: 20 } },
  );

describe("conformance", function () {
  this.timeout(120_000);
  let data: string;
  let results: Map<string, CaseResult>;
  const seen: [string, number, number][] = [];

  before(async () => {
    data = mkdtempSync(join(tmpdir(), "surety-conformance-"));
    const [one, two] = ["node", "simple"].map((part) => join(data, part)) as [string, string];
    const abs = model("Abs", ["x"]);
    const close = [1.0009, -0.0005, Number.NaN, Number.NEGATIVE_INFINITY];
    // The files name their tensors otherwise than the model does, or not at all.
    writeCase(one, "test_abs", {
      model: abs,
      inputs: [floats("", [2], [-1, 2])],
      outputs: [floats("other", [2], [1, 2])],
    });
    writeCase(one, "test_close", {
      model: model("Identity", ["x"]),
      inputs: [floats("x", [4], [1, -0.0005, Number.NaN, Number.NEGATIVE_INFINITY])],
      outputs: [floats("y", [4], close)],
    });
    writeCase(one, "test_masked", {
      model: model("Identity", ["x"]),
      inputs: [floats("x", [2], [-(2 ** 128 - 2 ** 104), 1])],
      outputs: [floats("y", [2], [Number.NEGATIVE_INFINITY, 1])],
    });
    writeCase(one, "test_off", {
      model: abs,
      inputs: [floats("x", [2], [-1, 2])],
      outputs: [floats("y", [2], [1, 3])],
    });
    writeCase(one, "test_not_infinite", {
      model: abs,
      inputs: [floats("x", [1], [5])],
      outputs: [floats("y", [1], [Number.POSITIVE_INFINITY])],
    });
    writeCase(one, "test_shape", {
      model: abs,
      inputs: [floats("x", [2], [1, 2])],
      outputs: [floats("y", [2, 1], [1, 2])],
    });
    writeCase(one, "test_type", { model: abs, inputs: [floats("x", [1], [1])], outputs: [int32("y", 1)] });
    const div = model("Div", ["a", "b"], INT32);
    writeCase(one, "test_div", { model: div, inputs: [int32("a", 7), int32("b", 2)], outputs: [int32("y", 3)] });
    // No 32-bit number is the quotient, and x86 processors end a program that asks for it.
    writeCase(one, "test_div_abort", {
      model: div,
      inputs: [int32("a", -(2 ** 31)), int32("b", -1)],
      outputs: [int32("y", 0)],
    });
    writeCase(one, "test_empty", {
      model: model("Abs", ["x"], FLOAT, { input: [value("x", [0])], output: [value("y", [0])] }),
      inputs: [floats("x", [0], [])],
      outputs: [floats("y", [0], [])],
    });
    const fixed = { initializer: [floats("x", [1], [-4])], input: [] };
    writeCase(one, "test_no_input", {
      model: model("Abs", ["x"], FLOAT, fixed),
      inputs: [],
      outputs: [floats("y", [1], [4])],
    });
    writeCase(two, "test_strings", {
      model: model("StringConcat", ["a", "b"], STRING),
      inputs: [strings("a", "sure", ""), strings("b", "tÿ", "\u{1f600}")],
      outputs: [strings("y", "suretÿ", "\u{1f600}")],
    });
    const sequence = { sequenceType: { elemType: { tensorType: { elemType: FLOAT } } } };
    writeCase(two, "test_sequence", {
      model: model("SequenceLength", ["x"], FLOAT, { input: [{ name: "x", type: sequence }] }),
      inputs: [{}],
      outputs: [{}],
    });
    writeCase(two, "test_int4", {
      model: model("Cast", ["x"], FLOAT, { output: [value("y", ["n"], 22)] }),
      inputs: [floats("x", [1], [1])],
      outputs: [{}],
    });
    writeCase(two, "test_unknown", { model: model("Nonsense", ["x"]), inputs: [], outputs: [floats("y", [1], [1])] });
    writeCase(two, "test_too_many", {
      model: abs,
      inputs: [floats("x", [1], [1]), floats("z", [1], [1])],
      outputs: [floats("y", [1], [1])],
    });
    writeCase(two, "test_lie", {
      model: abs,
      inputs: [{ ...floats("x", [9], [1]) }],
      outputs: [floats("y", [1], [1])],
    });
    mkdirSync(join(two, "test_bare", "test_data_set_0"), { recursive: true });
    writeFileSync(join(data, "README"), "no case");
    mkdirSync(join(data, "real", "test_other"), { recursive: true });
    const list = await runCases(findCases(data), {
      onResult: ({ case: name }, done, total) => seen.push([name, done, total]),
    });
    results = new Map(list.map((result) => [result.case, result]));
  });
  after(() => rmSync(data, { recursive: true, force: true }));

  const expected: [string, CaseResult["result"], RegExp][] = [
    ["node/test_abs", "pass", /^$/],
    ["node/test_close", "pass", /^$/],
    ["node/test_masked", "pass", /^$/],
    ["node/test_off", "fail", /^CONFORMANCE_MISMATCH: .*1 of 2 elements: element 1 is 2, expected 3/],
    ["node/test_not_infinite", "fail", /^CONFORMANCE_MISMATCH: .*is 5, expected Infinity/],
    ["node/test_shape", "fail", /^CONFORMANCE_MISMATCH: .*shape \[2\], expected \[2,1\]/],
    ["node/test_type", "fail", /^CONFORMANCE_MISMATCH: .*FP32, expected INT32/],
    ["node/test_div", "pass", /^$/],
    ["node/test_div_abort", "fail", /^(INFERENCE_CHILD_DIED|CONFORMANCE_MISMATCH): /],
    ["node/test_empty", "pass", /^$/],
    ["node/test_no_input", "pass", /^$/],
    ["simple/test_strings", "pass", /^$/],
    ["simple/test_sequence", "refused", /^INFERENCE_MODEL_ELEMENT_TYPE: .*sequenceType/],
    ["simple/test_int4", "refused", /^INFERENCE_MODEL_ELEMENT_TYPE: .*INT4/],
    ["simple/test_unknown", "fail", /^INFERENCE_LOAD_FAILED: /],
    ["simple/test_too_many", "refused", /^CONFORMANCE_BAD_CASE: .*2 inputs; the model has 1/],
    ["simple/test_lie", "refused", /^INFERENCE_MODEL_MALFORMED: .*4 bytes/],
    ["simple/test_bare", "refused", /^CONFORMANCE_BAD_CASE: .*model.onnx/],
  ];
  for (const [name, result, reason] of expected) {
    it(`${name} is a ${result}`, () => {
      expect(results.get(name)).to.include({ case: name, result });
      expect(results.get(name)!.reason).to.match(reason);
    });
  }

  it("finds all cases and no others, sorted, and tells of each", () => {
    const names = expected.map(([name]) => name).sort();
    expect([...results.keys()]).to.deep.equal(names);
    expect(seen).to.deep.equal(names.map((name, i) => [name, i + 1, names.length]));
  });

  it("takes a part of the suite or a single case", async () => {
    expect(findCases(join(data, "simple")).map(({ name }) => name)).to.include("simple/test_strings");
    expect(findCases(join(data, "node", "test_abs")).map(({ name }) => name)).to.deep.equal(["node/test_abs"]);
    expect((await refusal(() => findCases(join(data, "real")))).code).to.equal("CONFORMANCE_NO_CASES");
    expect((await refusal(() => findCases(join(data, "nowhere")))).code).to.equal("CONFORMANCE_NO_CASES");
  });
});
