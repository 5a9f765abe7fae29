import { floatTensor, type Tensor, type TensorSpec } from "@surety/protocol";
import { expect } from "chai";
import { answerProblem, checkOutputs } from "./check-outputs.ts";
import { refusal } from "./testing/refusal.ts";

const y = floatTensor("y", [2, 3], [1, 2, 3, 4, 5, 6]);
const z = floatTensor("z", [0, 3], []);
const specs: TensorSpec[] = [
  { name: "y", datatype: "FP32", shape: [-1, 3] },
  { name: "z", datatype: "FP32", shape: [-1, -1] },
];

describe("checkOutputs", () => {
  it("lets pass what the model declares, empty dimensions included", () => {
    checkOutputs(specs, [y, z]);
    checkOutputs([], []);
  });

  it("refuses other names, another order, other types and other shapes, and says which", async () => {
    const wrong: [Tensor[], string][] = [
      [[y], "gave outputs y; the model declares y, z"],
      [[z, y], "gave outputs z, y"],
      [[y, z, z], "gave outputs y, z, z"],
      [[{ ...y, datatype: "INT32" }, z], 'Output "y" came as INT32 [2,3]; the model declares FP32 [-1,3]'],
      [[{ ...y, shape: [3, 2] }, z], "came as FP32 [3,2]"],
      [[{ ...y, shape: [6] }, z], "came as FP32 [6]"],
    ];
    for (const [outputs, words] of wrong) {
      const refused = await refusal(() => checkOutputs(specs, outputs));
      expect(refused).to.include({ code: "INFERENCE_RUN_FAILED", retryable: false });
      expect(refused.message).to.contain(words);
    }
  });
});

describe("answerProblem", () => {
  it("finds nothing in lists of tensors within the limit", () => {
    expect(answerProblem([[y, z], [y]], 2, 48)).to.equal(null);
    expect(answerProblem([], 0, 0)).to.equal(null);
  });

  it("finds answers of another kind, broken tensors and too many bytes", () => {
    for (const sets of [undefined, null, "sets", {}, [[y]], [[y], y], [[y], "y"]])
      expect(answerProblem(sets, 2, 1000)).to.equal("no 2 lists of outputs");
    for (const tensor of [null, {}, { ...y, data: [1] }, { ...y, shape: [2 ** 40] }, { ...y, datatype: "FP8" }])
      expect(answerProblem([[tensor]], 1, 1000)).to.contain("a tensor that is none");
    expect(answerProblem([[y], [y]], 2, 47)).to.equal("48 bytes of outputs, where 47 are allowed");
  });
});
