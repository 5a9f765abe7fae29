import { inspectModel } from "@surety/inference";
import { tensorHash } from "@surety/protocol";
import { expect } from "chai";
import { GENERATED_NAMES, generateModel } from "./generated.ts";
import { normal, pick, streamOf } from "./random.ts";

describe("generated models", () => {
  for (const name of GENERATED_NAMES) {
    it(`${name}: passes the gate, the same file and inputs for the same seed, others for another`, () => {
      const { model, input } = generateModel(name, 1);
      const spec = inspectModel(model);
      expect(spec.opset).to.equal(16);
      const [given] = input(1, 0);
      expect(given).to.include({ name: spec.inputs[0]!.name, datatype: spec.inputs[0]!.datatype });
      expect(given!.shape.slice(1)).to.deep.equal(spec.inputs[0]!.shape.slice(1));

      const again = generateModel(name, 1);
      expect(Buffer.compare(again.model, model)).to.equal(0);
      expect(Buffer.compare(generateModel(name, 2).model, model)).to.not.equal(0);
      const hashes = [again.input(1, 0), input(1, 1), input(2, 0)].map(tensorHash);
      expect(hashes[0]).to.equal(tensorHash([given!]));
      expect(new Set(hashes).size).to.equal(3);
    });
  }

  it("refuses a name it does not know", () => {
    expect(() => generateModel("rnn", 1)).to.throw("there are mlp, cnn, resnet, transformer");
  });
});

describe("random streams", () => {
  const draw = (random: () => number, count = 20_000) => Array.from({ length: count }, random);
  const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

  it("are even over [0, 1), and normal with mean 0 and variance 1", () => {
    const even = draw(streamOf(1, 0));
    expect(Math.min(...even)).to.be.at.least(0);
    expect(Math.max(...even)).to.be.below(1);
    expect(mean(even)).to.be.closeTo(0.5, 0.01);
    const random = streamOf(2, 0);
    const bell = draw(() => normal(random));
    expect(mean(bell)).to.be.closeTo(0, 0.03);
    expect(mean(bell.map((v) => v * v))).to.be.closeTo(1, 0.05);
    expect(new Set(draw(() => pick(random, 7)))).to.deep.equal(new Set([0, 1, 2, 3, 4, 5, 6]));
  });

  it("do not follow their neighbours", () => {
    const [one, next, other] = [streamOf(1, 0), streamOf(2, 0), streamOf(1, 1)].map((random) => draw(random));
    const together = (a: number[], b: number[]) => mean(a.map((v, i) => (v - 0.5) * (b[i]! - 0.5)));
    for (const stream of [next!, other!]) expect(together(one!, stream)).to.be.closeTo(0, 0.003);
  });
});
