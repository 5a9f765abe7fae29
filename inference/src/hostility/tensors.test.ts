import { floatTensor, type Tensor, toFloats } from "@surety/protocol";
import { expect } from "chai";
import { checkInputs } from "../check-tensors.ts";
import { createRuntime, type Runtime } from "../runtime.ts";
import { buildModel } from "../testing/build-onnx.ts";
import { refusal } from "../testing/refusal.ts";
import { memoryOf } from "./memory.ts";

const MIB = 2 ** 20;
const good = floatTensor("x", [1, 3], [0, 0, 0]);
/** A text of four bytes that says it has `length`. */
const text = (shape: number[], length: number): Tensor => {
  const data = new Uint8Array(8).fill(0x41);
  new DataView(data.buffer).setUint32(0, length, true);
  return { name: "x", datatype: "BYTES", shape, data };
};

const attacks: [string, Tensor[]][] = [
  ["a shape of 2^40 rows with no bytes", [{ ...good, shape: [2 ** 40, 3], data: new Uint8Array() }]],
  ["a shape whose product is beyond 2^53", [{ ...good, shape: [2 ** 52, 3] }]],
  ["negative rows", [{ ...good, shape: [-1, 3] }]],
  ["half a row", [{ ...good, shape: [0.5, 3] }]],
  ["rows that are no number", [{ ...good, shape: [Number.NaN, 3] }]],
  ["rows that are text", [{ ...good, shape: ["1", 3] as never }]],
  ["a byte too few", [{ ...good, data: good.data.subarray(1) }]],
  ["a byte too many", [{ ...good, data: new Uint8Array(13) }]],
  ["bytes that are a list", [{ ...good, data: [...good.data] as never }]],
  ["another type of the same size", [{ ...good, datatype: "INT32" }]],
  ["a type that nobody knows", [{ ...good, datatype: "FP8" as never }]],
  ["a type named like a method of objects", [{ ...good, datatype: "constructor" as never }]],
  ["the same tensor twice", [good, good]],
  ["a tensor named like a prototype", [{ ...good, name: "__proto__" }]],
  ["a gigabyte of text that is not there", [text([1, 3], 2 ** 30)]],
];

describe("hostile tensors", function () {
  this.timeout(30_000);
  let runtime: Runtime;
  before(async () => {
    runtime = createRuntime({ kind: "native", timeoutMs: 10_000 });
    await runtime.load("m", buildModel());
  });
  after(() => runtime.close());

  for (const [name, tensors] of attacks) {
    it(`${name}: refused before it reaches a process`, async () => {
      const { code, retryable } = await refusal(runtime.run("m", tensors));
      expect(code).to.be.oneOf(["INFERENCE_BAD_INPUT", "PROTOCOL_BAD_TENSOR"]);
      expect(retryable).to.equal(false);
    });
  }

  it("strings whose lengths lie: refused without the memory that they speak of", async () => {
    const specs = [{ name: "x", datatype: "BYTES" as const, shape: [-1] }];
    checkInputs(specs, [text([1], 4)]);
    const before = (await memoryOf()).parent;
    for (const [shape, length] of [
      [[1], 2 ** 30],
      [[1], 2 ** 32 - 1],
      [[1], 3],
      [[2 ** 31], 4],
      [[2 ** 52], 4],
      [[2], 4],
    ] as const) {
      const { code } = await refusal(() => checkInputs(specs, [text([...shape], length)]));
      expect(code, `${shape} ${length}`).to.be.oneOf(["INFERENCE_BAD_INPUT", "PROTOCOL_BAD_TENSOR"]);
    }
    expect(((await memoryOf()).parent - before) / MIB).to.be.below(64);
  });

  it("takes floats of every kind, and one process serves on after all of this", async () => {
    const [pid] = runtime.pids();
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-45, 3.4e38, -0];
    for (const value of odd)
      expect(await runtime.run("m", [floatTensor("x", [1, 3], [value, 0, 0])])).to.have.length(1);
    expect([...toFloats((await runtime.run("m", [good]))[0]!)]).to.deep.equal([0.5, -0.5]);
    expect(runtime.pids()).to.deep.equal([pid]);
  });
});
