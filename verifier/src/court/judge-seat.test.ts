import { decodeTensors, encodeTensors, ownDraw, ownInput } from "@surety/protocol";
import { expect } from "chai";
import { zeroHash } from "viem";
import { manifest, profile, toyId, toyInputs, toyModels, toyRerunner, toyRun } from "../testing/toy-model.ts";
import { inputAt, judgeShown, samplesFor } from "./judge-seat.ts";

const model = toyModels.get(toyId)!;
const context = { modelId: toyId, model, rerunner: toyRerunner };
const inputs = toyInputs([1, 2]);
const given = encodeTensors(inputs);
const [right, wrong] = [encodeTensors(toyRun(inputs)), encodeTensors(toyRun(inputs, 1))];
const vote = async (native: Uint8Array, wasm: Uint8Array, on: Uint8Array | null = given, over = context) =>
  (await judgeShown({ native, wasm }, on, over)).vote;

describe("outputs that a seat has shown", () => {
  it("hold if both are the model's, and not if either is another's", async () => {
    expect(await vote(right, right)).to.equal("acquit");
    expect(await vote(wrong, right)).to.equal("convict");
    expect(await vote(right, wrong)).to.equal("convict");
    expect(await vote(right, new Uint8Array())).to.equal("convict");
  });

  it("are unknown where either is grey, or the juror's runtimes give nothing", async () => {
    const grey = encodeTensors(toyRun(inputs, 2 * profile.outputs[0]!.tauMax * 4));
    expect(await vote(right, grey)).to.equal("unknown");
    expect(await vote(grey, right)).to.equal("unknown");
    const dead = { ...toyRerunner, native: async () => [new Error("out of memory")] };
    expect(await vote(wrong, wrong, given, { ...context, rerunner: dead })).to.equal("unknown");
  });

  it("are measured natively alone in class exact", async () => {
    const exact = { ...context, model: { ...model, profile: { ...profile, class: "exact" as const } } };
    expect(await vote(right, wrong, given, exact)).to.equal("acquit");
    expect(await vote(wrong, right, given, exact)).to.equal("convict");
  });

  it("are empty where the seat has no own input", async () => {
    const none = new Uint8Array();
    expect(await vote(none, none, null)).to.equal("acquit");
    expect(await vote(right, none, null)).to.equal("convict");
    expect(await vote(none, right, null)).to.equal("convict");
  });
});

describe("the input that they are measured on", () => {
  const seat = { provider: `0x${"d1".repeat(20)}`, modelId: toyId, epoch: 3n, role: 1, seat: 2 } as const;
  const basis = { seed: zeroHash, root: zeroHash, count: 9, units: 9n, m: 12 };
  const of = (sample: number) => encodeTensors(toyInputs([sample, 1], [0, 0]));

  it("is a sample's, or after the last mixed from two as the protocol says", () => {
    expect(samplesFor(seat, basis, 4)).to.deep.equal([4]);
    expect(inputAt(seat, { basis, j: 4, model }, of)).to.deep.equal(of(4));
    const { i, k, w } = ownDraw({ ...seat, seed: basis.seed }, basis.m);
    expect(samplesFor(seat, basis, 12)).to.deep.equal([i, k]);
    const mixed = ownInput(manifest, decodeTensors(of(i)), decodeTensors(of(k)), w)!;
    expect(inputAt(seat, { basis, j: 12, model }, of)).to.deep.equal(encodeTensors(mixed));
  });

  it("is unknown while a sample is missing, and none where the samples cannot be mixed", () => {
    const { k } = ownDraw({ ...seat, seed: basis.seed }, basis.m);
    const without = (sample: number) => (sample === k ? undefined : of(sample));
    expect(inputAt(seat, { basis, j: 12, model }, without)).to.equal(undefined);
    const wide = (sample: number) => {
      const [x] = toyInputs([1, 2], [3, 4]);
      return sample === k ? encodeTensors([{ ...x!, shape: [1, 4] }]) : of(sample);
    };
    expect(inputAt(seat, { basis, j: 12, model }, wide)).to.equal(null);
  });
});
