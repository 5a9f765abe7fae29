import { expect } from "chai";
import { receiptParameters } from "../oip/receipt-parameters.ts";
import { encodeInferResponse } from "../oip/response.ts";
import { readReceipt, type SavedReceipt, saveReceipt } from "./saved-receipt.ts";

const saved: SavedReceipt = {
  receipt: {
    provider: `0x${"d1".repeat(20)}`,
    modelId: `0x${"aa".repeat(32)}`,
    epoch: 7n,
    seq: 3,
    slot: 5,
    client: `0x${"00".repeat(20)}`,
    inputHash: `0x${"01".repeat(32)}`,
    outputHash: `0x${"02".repeat(32)}`,
    units: 1,
    servedAtMs: 1_800_000_000_123n,
    latencyMs: 4,
  },
  signature: `0x${"5a".repeat(65)}`,
};

describe("a kept receipt", () => {
  it("is read from what was kept, and from a whole answer", () => {
    expect(readReceipt(saveReceipt(saved))).to.deep.equal(saved);
    const parameters = receiptParameters(saved.receipt, saved.signature);
    const { body } = encodeInferResponse({ modelName: "toy", outputs: [], parameters }, () => false);
    expect(readReceipt(new TextDecoder().decode(body))).to.deep.equal(saved);
  });

  it("is refused with what is wrong", () => {
    const broken = (text: string, why: RegExp) => expect(() => readReceipt(text)).to.throw(why);
    broken("no", /no JSON/);
    broken("null", /absent/);
    broken("{}", /"absent", needs surety_receipt and surety_signature/);
    broken(saveReceipt(saved).replace("5a", "5"), /surety_signature/);
  });
});
