import { SuretyError, type Tensor } from "@surety/protocol";
import { expect } from "chai";
import type { Hex } from "viem";
import { toyId, toyInputs, toyRun } from "../testing/toy-model.ts";
import { createOwnRuns } from "./runtimes.ts";

/** A runtime that runs the toy model and refuses inputs that begin with 9; it notes every message. */
function runtime(error = 0) {
  const messages: { modelId: Hex; sets: number }[] = [];
  const runMany = async (modelId: Hex, sets: Tensor[][]): Promise<Tensor[][]> => {
    messages.push({ modelId, sets: sets.length });
    if (sets.some(isRefused)) throw new SuretyError("INFERENCE_FAILED", "the model refuses these inputs");
    return sets.map((set) => toyRun(set, error));
  };
  const run = async (modelId: Hex, set: Tensor[]) => (await runMany(modelId, [set]))[0]!;
  return { run, runMany, messages };
}
const isRefused = ([x]: Tensor[]): boolean => new Float32Array(x!.data.slice().buffer)[0] === 9;
const sets = (...firsts: number[]): Tensor[][] => firsts.map((a) => toyInputs([a, 1]));

describe("createOwnRuns", () => {
  it("gives each set its own result, of the runtime that was asked", async () => {
    const [native, wasm] = [runtime(0), runtime(0.5)];
    const runs = createOwnRuns({ native, wasm } as never);
    const asked = sets(1, 2, 1);
    expect(await runs.native(toyId, asked)).to.deep.equal(asked.map((set) => toyRun(set)));
    expect(await runs.wasm(toyId, asked)).to.deep.equal(asked.map((set) => toyRun(set, 0.5)));
    expect(native.messages).to.deep.equal([{ modelId: toyId, sets: 2 }]);
  });

  it("lets a set that the runtime refuses cost no other its result", async () => {
    const runs = createOwnRuns({ native: runtime(), wasm: runtime() } as never);
    const asked = sets(1, 9, 2);
    const [one, refused, two] = await runs.native(toyId, asked);
    expect([one, two]).to.deep.equal([toyRun(asked[0]!), toyRun(asked[2]!)]);
    expect(refused).to.be.instanceOf(SuretyError).and.include({ code: "INFERENCE_FAILED" });
  });

  it("runs an input once for all who ask, also while it is running, but once per model", async () => {
    const native = runtime();
    const runs = createOwnRuns({ native, wasm: runtime() } as never);
    const [a, b] = await Promise.all([runs.native(toyId, sets(1, 2)), runs.native(toyId, sets(2, 3))]);
    expect(a[1]).to.deep.equal(b[0]);
    await runs.native(toyId, sets(3, 1));
    expect(native.messages.map((m) => m.sets)).to.deep.equal([2, 1]);
    await runs.native(`0x${"99".repeat(32)}`, sets(1));
    expect(native.messages).to.have.length(3);
  });

  it("keeps no failure", async () => {
    const native = runtime();
    const runs = createOwnRuns({ native, wasm: runtime() } as never);
    for (let n = 1; n <= 3; n++) {
      const [refused] = await runs.native(toyId, sets(9));
      expect(refused).to.be.instanceOf(SuretyError);
      expect(native.messages).to.have.length(n);
    }
  });

  it("passes on that the runtime is closed, and what is no error of Surety, and keeps neither", async () => {
    for (const error of [new SuretyError("INFERENCE_CLOSED", "closed"), new TypeError("a bug")]) {
      let isBroken = true;
      const native = runtime();
      const runMany = async (modelId: Hex, asked: Tensor[][]) => {
        if (isBroken) throw error;
        return native.runMany(modelId, asked);
      };
      const runs = createOwnRuns({ native: { ...native, runMany }, wasm: runtime() } as never);
      expect(await runs.native(toyId, sets(1, 2)).catch((e: unknown) => e)).to.equal(error);
      isBroken = false;
      expect(await runs.native(toyId, sets(1, 2))).to.deep.equal(sets(1, 2).map((set) => toyRun(set)));
    }
  });
});
