import { type Receipt, SuretyError } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import type { Address, Hex } from "viem";
import { receiptOf, receiptParameters } from "./oip/receipt-parameters.ts";
import {
  encodeOpening,
  type InputsOpening,
  type OutputsOpening,
  parseInputsOpening,
  parseOutputsOpening,
} from "./openings.ts";

const hexOf = (bytes: number): fc.Arbitrary<Hex> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((b): Hex => `0x${Buffer.from(b).toString("hex")}`);
const address = hexOf(20) as fc.Arbitrary<Address>;
const uint32 = fc.nat({ max: 0xffffffff });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const receipt: fc.Arbitrary<Receipt> = fc.record({
  provider: address,
  modelId: hexOf(32),
  epoch: uint64,
  seq: uint32,
  slot: fc.nat({ max: 23 }),
  client: address,
  inputHash: hexOf(32),
  outputHash: hexOf(32),
  units: uint32,
  servedAtMs: uint64,
  latencyMs: uint32,
});

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof SuretyError && error.code === "SDK_MALFORMED") return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
};

const inputs: fc.Arbitrary<InputsOpening> = fc
  .tuple(
    receipt,
    fc.uniqueArray(uint32, { maxLength: 5 }),
    fc.array(fc.record({ hash: hexOf(32), sum: uint64 }), { maxLength: 32 }),
    fc.uint8Array({ maxLength: 50 }),
  )
  .map(([{ outputHash, ...rest }, indices, siblings, bytes]) => ({
    provider: rest.provider,
    modelId: rest.modelId,
    epoch: rest.epoch,
    leaves: indices
      .sort((a, b) => a - b)
      .map((index) => ({
        index,
        fields: { ...rest, seq: index, sealed: outputHash },
        proof: { index, siblings },
        inputs: bytes,
      })),
  }));

describe("openings and receipts as JSON", () => {
  it("reads back what was written", () => {
    fc.assert(
      fc.property(inputs, hexOf(32), (opening, salt) => {
        expect(parseInputsOpening(encodeOpening(opening), opening)).to.deep.equal(opening);
        const outputs: OutputsOpening = {
          ...opening,
          leaves: opening.leaves.map((leaf) => ({ index: leaf.index, salt, outputs: leaf.inputs })),
        };
        expect(parseOutputsOpening(encodeOpening(outputs), outputs)).to.deep.equal(outputs);
      }),
    );
    fc.assert(
      fc.property(receipt, hexOf(65), (r, signature) => {
        const again = receiptOf(JSON.parse(JSON.stringify(receiptParameters(r, signature))));
        expect(again).to.deep.equal({ receipt: r, signature });
      }),
    );
    expect(receiptOf(undefined)).to.equal(null);
    expect(receiptOf({ other: 1 })).to.equal(null);
  });

  const sample = fc.sample(
    inputs.filter((o) => o.leaves.length > 1 && o.leaves[0]!.proof.siblings.length > 0),
    { seed: 1, numRuns: 1 },
  )[0]!;
  const changed = (change: (json: ReturnType<typeof JSON.parse>) => void): string => {
    const body = JSON.parse(encodeOpening(sample));
    change(body);
    return refusal(() => parseInputsOpening(JSON.stringify(body), sample));
  };

  it("refuses what is about another log", () => {
    const text = encodeOpening(sample);
    const other: Hex = `0x${"77".repeat(32)}`;
    expect(refusal(() => parseInputsOpening(text, { ...sample, epoch: sample.epoch ^ 1n }))).to.match(/opening\.epoch/);
    expect(refusal(() => parseInputsOpening(text, { ...sample, modelId: other }))).to.match(/opening\.modelId/);
    expect(refusal(() => parseInputsOpening(text, { ...sample, provider: `0x${"77".repeat(20)}` }))).to.match(
      /provider/,
    );
    expect(changed((b) => (b.leaves[0].fields.modelId = other))).to.match(/another log/);
  });

  it("refuses malformed openings, naming the place", () => {
    expect(refusal(() => parseInputsOpening("{", sample))).to.match(/no JSON/);
    expect(refusal(() => parseInputsOpening("null", sample))).to.match(/needs an object/);
    expect(changed((b) => (b.more = 1))).to.match(/opening\.more/);
    expect(changed((b) => delete b.leaves)).to.match(/opening\.leaves is "absent"/);
    expect(changed((b) => (b.epoch = 5))).to.match(/decimal string/);
    expect(changed((b) => (b.epoch = "05"))).to.match(/decimal string/);
    expect(changed((b) => (b.epoch = (2n ** 64n).toString()))).to.match(/below 2\^64/);
    expect(changed((b) => (b.leaves = Array(49).fill(b.leaves[0])))).to.match(/at most 48/);
    expect(changed((b) => b.leaves.reverse())).to.match(/ascending/);
    expect(changed((b) => (b.leaves[1] = b.leaves[0]))).to.match(/ascending/);
    expect(changed((b) => (b.leaves[0].fields.seq += 1))).to.match(/fields\.seq/);
    expect(changed((b) => (b.leaves[0].proof.index += 1))).to.match(/proof\.index/);
    expect(changed((b) => (b.leaves[0].fields.slot = 24))).to.match(/0 to 23/);
    expect(changed((b) => (b.leaves[0].fields.units = 1.5))).to.match(/integer/);
    expect(changed((b) => (b.leaves[0].fields.sealed = "0x12"))).to.match(/64 hex digits/);
    expect(changed((b) => (b.leaves[0].proof.siblings[0].sum = -1))).to.match(/siblings\[0\]\.sum/);
    expect(changed((b) => (b.leaves[0].inputs = "AA"))).to.match(/base64/);
    expect(changed((b) => (b.leaves[0].inputs = "AB=="))).to.match(/stray bits/);
    expect(changed((b) => (b.leaves[0].inputs = " AAA"))).to.match(/base64/);
    expect(changed((b) => (b.leaves[0].inputs = "A".repeat(40_000)))).to.match(/24576 bytes at most/);
    expect(changed((b) => (b.leaves[0].proof.siblings = Array(33).fill(b.leaves[0].proof.siblings[0])))).to.match(
      /at most 32/,
    );
  });

  it("refuses malformed receipts", () => {
    const [r] = fc.sample(receipt, { seed: 2, numRuns: 1 });
    const good = receiptParameters(r!, `0x${"11".repeat(65)}`);
    const fields = JSON.parse(String(good.surety_receipt));
    const withFields = (change: object) => ({ ...good, surety_receipt: JSON.stringify({ ...fields, ...change }) });
    expect(refusal(() => receiptOf({ surety_signature: good.surety_signature! }))).to.match(/surety_receipt/);
    expect(refusal(() => receiptOf({ surety_receipt: good.surety_receipt! }))).to.match(/surety_signature/);
    expect(refusal(() => receiptOf({ ...good, surety_receipt: "{" }))).to.match(/needs JSON/);
    expect(refusal(() => receiptOf({ ...good, surety_receipt: " ".repeat(5000) }))).to.match(/4,096/);
    expect(refusal(() => receiptOf(withFields({ extra: 1 })))).to.match(/extra/);
    expect(refusal(() => receiptOf(withFields({ seq: "1" })))).to.match(/seq/);
    expect(refusal(() => receiptOf(withFields({ servedAtMs: 1 })))).to.match(/servedAtMs/);
    expect(refusal(() => receiptOf(withFields({ provider: "0x00" })))).to.match(/provider/);
  });
});
