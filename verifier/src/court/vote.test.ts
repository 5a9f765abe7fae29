import { encodeTensors } from "@surety/protocol";
import { expect } from "chai";
import { zeroHash } from "viem";
import { sha256 } from "../rerun/data-root.ts";
import { profile, toyId, toyInputs, toyModels, toyRerunner, toyRun } from "../testing/toy-model.ts";
import { judgeOpened } from "./vote.ts";

const context = { modelId: toyId, model: toyModels.get(toyId)!, rerunner: toyRerunner };
const inputs = toyInputs([1, 2], [3, -1]);
const given = encodeTensors(inputs);
const own = sha256(encodeTensors(toyRun(inputs)));
/** The unit of deviations on these inputs, whose largest output is 5. */
const TAU = profile.outputs[0]!.tauMax * 5;
const judge = async (outputs: Uint8Array, over: Partial<typeof context> = {}, from = given) => {
  const { vote, outputHash } = await judgeOpened({ inputs: from, outputs }, { ...context, ...over });
  return [vote, outputHash];
};
const served = (error: number) => encodeTensors(toyRun(inputs, error));

describe("a juror's vote", () => {
  it("acquits what lies within tolerance, convicts what lies beyond, and knows nothing between", async () => {
    expect(await judge(served(0))).to.deep.equal(["acquit", own]);
    expect(await judge(served(0.9 * TAU))).to.deep.equal(["acquit", own]);
    expect(await judge(served(2 * TAU))).to.deep.equal(["unknown", own]);
    expect(await judge(served(5 * TAU))).to.deep.equal(["convict", own]);
  });

  it("convicts outputs that are no tensors, or of another shape", async () => {
    expect(await judge(Uint8Array.of(1, 2, 3))).to.deep.equal(["convict", own]);
    expect(await judge(new Uint8Array())).to.deep.equal(["convict", own]);
    expect(await judge(encodeTensors(toyRun(toyInputs([1, 2]))))).to.deep.equal(["convict", own]);
  });

  it("knows nothing of inputs that are no tensors, lie outside the domain, or that a runtime refuses", async () => {
    expect(await judge(served(1), {}, Uint8Array.of(9))).to.deep.equal(["unknown", zeroHash]);
    const far = toyInputs([1_000, 0]);
    expect((await judge(encodeTensors(toyRun(far, 9)), {}, encodeTensors(far)))[0]).to.equal("unknown");
    const refusing = { ...toyRerunner, wasm: async () => [new Error("out of memory")] };
    expect(await judge(served(1), { rerunner: refusing })).to.deep.equal(["unknown", zeroHash]);
  });
});
