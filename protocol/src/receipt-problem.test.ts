import { expect } from "chai";
import fc from "fast-check";
import { type Hex, zeroAddress } from "viem";
import type { Receipt } from "./receipt.ts";
import { type ReceiptExpectation, receiptProblem } from "./receipt-problem.ts";
import { slotAt } from "./schedule.ts";

const epochs = { genesis: 1_800_000_000n, length: 3600n };
const START = Number(epochs.genesis + 7n * epochs.length) * 1000;
const other: Hex = `0x${"ee".repeat(32)}`;

const expectation: ReceiptExpectation = {
  provider: `0x${"d1".repeat(20)}`,
  modelId: `0x${"11".repeat(32)}`,
  epoch: 7n,
  client: zeroAddress,
  inputHash: `0x${"1a".repeat(32)}`,
  outputHash: `0x${"0a".repeat(32)}`,
  units: 2,
  epochs,
  sentMs: START + 1_000_000,
  receivedMs: START + 1_000_400,
  skewMs: 2_000,
};

const receipt = (over: Partial<Receipt> = {}): Receipt => ({
  provider: expectation.provider,
  modelId: expectation.modelId,
  epoch: 7n,
  seq: 12,
  slot: 6,
  client: zeroAddress,
  inputHash: expectation.inputHash,
  outputHash: expectation.outputHash,
  units: 2,
  servedAtMs: BigInt(START + 1_000_200),
  latencyMs: 100,
  ...over,
});

/** A receipt of a moment, with the epoch and slot that follow from it. */
function servedAt(ms: number): Receipt {
  const epoch = (BigInt(ms) / 1000n - epochs.genesis) / epochs.length;
  return receipt({ servedAtMs: BigInt(ms), epoch, slot: slotAt(epochs, epoch, BigInt(ms)) });
}

const problem = (over: Partial<Receipt>): string | null => receiptProblem(receipt(over), expectation);

describe("receiptProblem", () => {
  it("finds none in the receipt of this request", () => {
    expect(problem({})).to.equal(null);
  });

  it("does not look at what nobody else can know: seq and the provider's own latency", () => {
    expect(problem({ seq: 99, latencyMs: 0 })).to.equal(null);
  });

  it("wants the client that signed, and nobody where nobody did", () => {
    const client: Hex = `0x${"c1".repeat(20)}`;
    expect(problem({ client })).to.equal("RECEIPT_CLIENT");
    const signed = { ...expectation, client };
    expect(receiptProblem(receipt({ client }), signed)).to.equal(null);
    expect(receiptProblem(receipt(), signed)).to.equal("RECEIPT_CLIENT");
  });

  it("names the field that is another request's", () => {
    expect(problem({ provider: `0x${"d2".repeat(20)}` })).to.equal("RECEIPT_PROVIDER");
    expect(problem({ modelId: other })).to.equal("RECEIPT_MODEL");
    expect(problem({ inputHash: other })).to.equal("RECEIPT_INPUT_HASH");
    expect(problem({ outputHash: other })).to.equal("RECEIPT_OUTPUT_HASH");
    expect(problem({ units: 1 })).to.equal("RECEIPT_UNITS");
    expect(problem({ units: 3 })).to.equal("RECEIPT_UNITS");
  });

  it("does not take the outputs' hash for the inputs'", () => {
    const { inputHash, outputHash } = expectation;
    expect(problem({ inputHash: outputHash, outputHash: inputHash })).to.equal("RECEIPT_INPUT_HASH");
  });

  it("refuses a slot or an epoch that is not that of the time it was served", () => {
    for (let slot = 0; slot < 24; slot++) {
      expect(problem({ slot })).to.equal(slot === 6 ? null : "RECEIPT_SLOT");
    }
    for (const epoch of [0n, 6n, 8n, 9n]) expect(problem({ epoch })).to.equal("RECEIPT_EPOCH");
  });

  it("wants the time served between sending and receiving, give or take the skew", () => {
    const { sentMs, receivedMs, skewMs } = expectation;
    const at = (ms: number) => receiptProblem(servedAt(ms), expectation);
    expect(at(sentMs - skewMs)).to.equal(null);
    expect(at(sentMs - skewMs - 1)).to.equal("RECEIPT_TIME");
    expect(at(receivedMs + skewMs)).to.equal(null);
    expect(at(receivedMs + skewMs + 1)).to.equal("RECEIPT_TIME");
    const exact = { ...expectation, skewMs: 0 };
    expect(receiptProblem(servedAt(sentMs), exact)).to.equal(null);
    expect(receiptProblem(servedAt(sentMs - 1), exact)).to.equal("RECEIPT_TIME");
    expect(receiptProblem(servedAt(receivedMs + 1), exact)).to.equal("RECEIPT_TIME");
  });

  it("lets a request of an epoch's last moments be served in the next epoch, and in no other", () => {
    const end = START + Number(epochs.length) * 1000;
    const late = { ...expectation, sentMs: end - 100, receivedMs: end + 300 };
    expect(receiptProblem(servedAt(end + 200), late)).to.equal(null);
    expect(receiptProblem({ ...servedAt(end + 200), epoch: 7n, slot: 23 }, late)).to.equal("RECEIPT_EPOCH");
    expect(receiptProblem(servedAt(end + 200), { ...late, epoch: 8n })).to.equal(null);
    expect(receiptProblem(servedAt(end + 200), { ...late, epoch: 6n })).to.equal("RECEIPT_EPOCH");
    expect(receiptProblem(servedAt(end - 50), { ...late, epoch: 8n })).to.equal("RECEIPT_EPOCH");
  });

  it("refuses a time before the first epoch without failing itself", () => {
    const first = Number(epochs.genesis) * 1000;
    const early = { ...expectation, epoch: 0n, sentMs: first - 100, receivedMs: first + 100 };
    const before = receipt({ servedAtMs: BigInt(first - 1), epoch: 0n, slot: 0 });
    expect(receiptProblem(before, early)).to.equal("RECEIPT_TIME");
    expect(receiptProblem({ ...before, servedAtMs: BigInt(first) }, early)).to.equal(null);
  });

  it("finds exactly the receipts of the right time good, whatever the provider claims, and never throws", () => {
    const uint64 = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: BigInt(START + 990_000), max: BigInt(START + 1_010_000) }),
    );
    const claims = fc.record({
      epoch: fc.oneof(fc.constant(7n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
      slot: fc.integer({ min: 0, max: 23 }),
      servedAtMs: uint64,
    });
    fc.assert(
      fc.property(claims, ({ epoch, slot, servedAtMs }) => {
        const { sentMs, receivedMs, skewMs } = expectation;
        const inTime = servedAtMs >= BigInt(sentMs - skewMs) && servedAtMs <= BigInt(receivedMs + skewMs);
        const good = inTime && epoch === 7n && slot === 6;
        expect(problem({ epoch, slot, servedAtMs }) === null).to.equal(good);
      }),
      { numRuns: 300 },
    );
  });
});
