import { expect } from "chai";
import fc from "fast-check";
import { keccak256, toHex, zeroHash } from "viem";
import { askedReceipts, isRedone, type ModelManifest, type OwnSeat, ownDraw, ownInput } from "./index.ts";
import { bytesTensor, floatTensor, int64Tensor, toFloats } from "./tensor-values.ts";
import { code } from "./testing/refusal.ts";

const seat: OwnSeat = {
  seed: keccak256("0x01"),
  provider: "0x00000000000000000000000000000000000000a1",
  modelId: keccak256("0x02"),
  role: 1,
  seat: 0,
};
/** Only names and shapes matter here. */
const manifest = {
  inputs: [
    { name: "x", datatype: "FP32", shape: [-1, 2] },
    { name: "bias", datatype: "FP64", shape: [2] },
    { name: "n", datatype: "INT64", shape: [-1, 1] },
    { name: "word", datatype: "BYTES", shape: [1] },
  ],
} as unknown as ModelManifest;
const leaf = (at: number, rows: number) => [
  floatTensor(
    "x",
    [rows, 2],
    Array.from({ length: 2 * rows }, (_, i) => at + i),
  ),
  floatTensor("bias", [2], [at / 4, -at], "FP64"),
  int64Tensor("n", [rows, 1], Array(rows).fill(at)),
  bytesTensor("word", [1], ["a"]),
];

describe("a seat's own input", () => {
  it("is drawn from the seed, the record, the role and the seat", () => {
    const first = ownDraw(seat, 48);
    expect(ownDraw(seat, 48)).to.deep.equal(first);
    expect(ownDraw({ ...seat, role: 2 }, 48)).to.not.deep.equal(first);
    expect(ownDraw({ ...seat, seat: 1 }, 48)).to.not.deep.equal(first);
    expect(code(() => ownDraw(seat, 0))).to.equal("PROTOCOL_NO_SAMPLES");
  });

  it("keeps within the samples, and moves by less than the whole way", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 30 }), fc.integer({ min: 1, max: 48 }), (n, m) => {
        const { i, k, w } = ownDraw({ ...seat, seed: keccak256(toHex(n)) }, m);
        expect(i).to.be.within(0, m - 1);
        expect(k).to.be.within(0, m - 1);
        expect(w).to.be.within(0, 1 - 2 ** -24);
      }),
    );
  });

  it("is redone one time in ten", () => {
    const redone = Array.from({ length: 2000 }, (_, n) => isRedone({ ...seat, seed: keccak256(toHex(n)) }));
    expect(redone.filter(Boolean).length).to.be.within(150, 250);
    expect(isRedone({ ...seat, seed: zeroHash })).to.be.a("boolean");
  });

  it("asks one probe seat in ten for two receipts of different numbers, each as often", () => {
    const asked = Array.from({ length: 4000 }, (_, n) => askedReceipts({ ...seat, seed: keccak256(toHex(n)) }, 5));
    const two = asked.filter((numbers) => numbers.length > 0);
    expect(two.length).to.be.within(320, 480);
    for (const numbers of two) expect(new Set(numbers).size, `${numbers}`).to.equal(2);
    for (const i of [0, 1, 2, 3, 4]) {
      expect(two.filter((numbers) => numbers.includes(i)).length / two.length).to.be.within(0.3, 0.5);
    }
  });

  it("asks for the only receipt once, and for none of a seat without any", () => {
    const seeds = Array.from({ length: 200 }, (_, n) => ({ ...seat, seed: keccak256(toHex(n)) }));
    expect(new Set(seeds.flatMap((one) => askedReceipts(one, 1)))).to.deep.equal(new Set([0]));
    expect(seeds.flatMap((one) => askedReceipts(one, 0))).to.deep.equal([]);
  });

  it("mixes first rows of floats, rounds once, and takes the rest from the first leaf", () => {
    const own = ownInput(manifest, leaf(1, 3), leaf(5, 1), 0.1)!;
    expect(own.map(({ name, shape }) => [name, shape])).to.deep.equal([
      ["x", [1, 2]],
      ["bias", [2]],
      ["n", [1, 1]],
      ["word", [1]],
    ]);
    expect([...toFloats(own[0]!)]).to.deep.equal([Math.fround(1 + 0.1 * 4), Math.fround(2 + 0.1 * 4)]);
    expect([...toFloats(own[1]!)]).to.deep.equal([0.25 + 0.1 * 1, -1 + 0.1 * -4]);
    expect(own[2]).to.deep.equal(leaf(1, 1)[2]);
    expect(own[3]).to.deep.equal(leaf(1, 1)[3]);
  });

  it("is the first leaf's row where nothing is to move", () => {
    expect(ownInput(manifest, leaf(1, 2), leaf(5, 2), 0)).to.deep.equal(leaf(1, 1));
  });

  it("does not exist without floats", () => {
    const ints = { inputs: [manifest.inputs[2]] } as unknown as ModelManifest;
    expect(ownInput(ints, [leaf(1, 1)[2]!], [leaf(2, 1)[2]!], 0.5)).to.equal(null);
  });

  it("refuses leaves that do not fit together", () => {
    const [x, ...others] = leaf(5, 1);
    expect(code(() => ownInput(manifest, leaf(1, 1), others, 0.5))).to.equal("PROTOCOL_WRONG_SHAPE");
    const wide = [{ ...x!, shape: [1, 1], data: x!.data.subarray(4) }, ...others];
    expect(code(() => ownInput(manifest, leaf(1, 1), wide, 0.5))).to.equal("PROTOCOL_WRONG_SHAPE");
  });
});
