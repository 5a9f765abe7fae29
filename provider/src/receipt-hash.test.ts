import { leafHash, type Receipt, receiptDigest, receiptDomain, sealOutput } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import { type Address, type Hex, hexToBytes } from "viem";
import { createReceiptHasher } from "./receipt-hash.ts";

const hexOf = (bytes: number): fc.Arbitrary<Hex> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((b): Hex => `0x${Buffer.from(b).toString("hex")}`);
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const uint32 = fc.nat({ max: 2 ** 32 - 1 });
const receipts: fc.Arbitrary<Receipt> = fc.record({
  provider: hexOf(20) as fc.Arbitrary<Address>,
  modelId: hexOf(32),
  epoch: uint64,
  seq: uint32,
  slot: fc.nat({ max: 23 }),
  client: hexOf(20) as fc.Arbitrary<Address>,
  inputHash: hexOf(32),
  outputHash: hexOf(32),
  units: uint32,
  servedAtMs: uint64,
  latencyMs: uint32,
});

describe("receipt hasher", () => {
  it("gives the digest, seal and leaf of the protocol, also when one hasher serves many receipts", () => {
    const domain = receiptDomain({ chainId: 31337, receiptLog: `0x${"5f".repeat(20)}` });
    const hasher = createReceiptHasher(domain);
    fc.assert(
      fc.property(receipts, hexOf(32), (receipt, salt) => {
        const { digest, leaf, sealed } = hasher(receipt, hexToBytes(salt));
        const { outputHash, ...fields } = receipt;
        expect(digest).to.equal(receiptDigest(domain, receipt));
        expect(sealed).to.equal(sealOutput(salt, outputHash));
        expect(leaf).to.equal(leafHash({ ...fields, sealed }));
      }),
      { numRuns: 60 },
    );
  });
});
