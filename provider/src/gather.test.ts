import { floatTensor, SuretyError, type Tensor, toFloats } from "@surety/protocol";
import { expect } from "chai";
import { gather } from "./gather.ts";

const inputs = (value: number): Tensor[] => [floatTensor("x", [1], [value])];
const scalar = (tensors: Tensor[]): number => toFloats(tensors[0]!)[0]!;

/** A runtime that doubles, refuses 666, takes its time, and notes the size of every message. */
function doubling(ms: number) {
  const sizes: number[] = [];
  const runMany = async (_id: string, sets: Tensor[][]): Promise<Tensor[][]> => {
    sizes.push(sets.length);
    await new Promise((resolve) => setTimeout(resolve, ms * sets.length));
    if (sets.some((set) => scalar(set) === 666)) throw new SuretyError("INFERENCE_RUN_FAILED", "666");
    return sets.map((set) => inputs(2 * scalar(set)));
  };
  return { sizes, runMany, run: async (id: string, set: Tensor[]) => (await runMany(id, [set]))[0]! };
}

describe("gathering runs into messages", () => {
  it("gives each caller its own outputs, in fewer messages once runs prove short", async () => {
    const runtime = doubling(0);
    const run = gather(runtime, "m");
    for (let i = 0; i < 60; i++) await run(inputs(i));
    runtime.sizes.length = 0;
    const outputs = await Promise.all(Array.from({ length: 40 }, (_, i) => run(inputs(i))));
    expect(outputs.map(scalar)).to.deep.equal(Array.from({ length: 40 }, (_, i) => 2 * i));
    expect(runtime.sizes.reduce((a, b) => a + b)).to.equal(40);
    expect(runtime.sizes.length).to.be.below(20);
    expect(Math.max(...runtime.sizes)).to.be.at.most(16);
  });

  it("sends long runs alone: nobody waits for another's", async () => {
    const runtime = doubling(20);
    const run = gather(runtime, "m");
    await Promise.all(Array.from({ length: 5 }, (_, i) => run(inputs(i))));
    expect(runtime.sizes).to.deep.equal([1, 1, 1, 1, 1]);
  });

  it("lets only the run at fault fail", async () => {
    const run = gather(doubling(0), "m");
    for (let i = 0; i < 60; i++) await run(inputs(0));
    const outcomes = await Promise.allSettled([7, 12, 666, 14].map((value) => run(inputs(value))));
    expect(outcomes.map(({ status }) => status)).to.deep.equal(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    expect(scalar(await run(inputs(5)))).to.equal(10);
  });
});
