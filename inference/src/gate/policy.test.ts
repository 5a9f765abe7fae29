import { SuretyError } from "@surety/protocol";
import { expect } from "chai";
import { CONFORMANCE, type GatePolicy, inspectModel, SERVING } from "../gate.ts";
import { buildModel, floats, honestGraph, node, type Plain, value } from "../testing/build-onnx.ts";

function judge(bytes: Uint8Array, policy: GatePolicy): string {
  try {
    inspectModel(bytes, policy);
    return "passed";
  } catch (error) {
    if (!(error instanceof SuretyError)) throw error;
    return error.code.replace("INFERENCE_MODEL_", "");
  }
}
const withGraph = (change: Plain, more: Plain = {}) => buildModel({ ...honestGraph(), ...change }, more);
const withNode = (op: string, more: Plain = {}) => withGraph({ node: [node(op, ["x"], ["y"], more)] });
const imports = (...opsetImport: Plain[]) => buildModel(undefined, { opsetImport });
const external = { externalData: [{ key: "location", value: "secret.txt" }] };

const cases: [string, Uint8Array, serving: string, conformance: string][] = [
  ["an honest model", buildModel(), "passed", "passed"],
  ["operator set 1", imports({ version: 1 }), "OPSET", "passed"],
  ["operator set 27", imports({ version: 27 }), "OPSET", "OPSET"],
  ["operators of ai.onnx.ml", imports({ version: 16 }, { domain: "ai.onnx.ml", version: 4 }), "DOMAIN", "passed"],
  ["nothing but ai.onnx.ml", imports({ domain: "ai.onnx.ml", version: 4 }), "DOMAIN", "passed"],
  ["no operator set", imports(), "OPSET", "passed"],
  ["training", imports({ domain: "ai.onnx.preview.training", version: 1 }), "DOMAIN", "DOMAIN"],
  ["a node of training", withNode("Adam", { domain: "ai.onnx.preview.training" }), "DOMAIN", "DOMAIN"],
  ["contributed operators", imports({ version: 16 }, { domain: "com.microsoft", version: 1 }), "DOMAIN", "DOMAIN"],
  ["random numbers", withNode("RandomNormalLike"), "RANDOM_OPERATOR", "passed"],
  ["empty tensors", withGraph({ input: [value("x", [0, 3])] }), "SHAPE", "passed"],
  ["no inputs", withGraph({ input: [] }), "SHAPE", "passed"],
  ["no outputs", withGraph({ output: [] }), "SHAPE", "SHAPE"],
  ["an output of 4-bit integers", withGraph({ output: [value("y", ["n"], 22)] }), "ELEMENT_TYPE", "ELEMENT_TYPE"],
  ["a function", buildModel(undefined, { functions: [{ name: "F" }] }), "FUNCTION", "FUNCTION"],
  [
    "external data",
    withGraph({ initializer: [{ ...floats("w", [1], [1]), ...external }] }),
    "EXTERNAL_DATA",
    "EXTERNAL_DATA",
  ],
];

describe("gate, policies", () => {
  for (const [what, bytes, serving, conformance] of cases) {
    it(`${what}: ${serving} in serving, ${conformance} in conformance`, () => {
      expect(judge(bytes, SERVING)).to.equal(serving);
      expect(judge(bytes, CONFORMANCE)).to.equal(conformance);
    });
  }

  it("serves by default", () => {
    expect(() => inspectModel(imports({ version: 1 }))).to.throw(SuretyError);
  });
});
