import { type Receipt, receiptDomain, recoverReceiptSigner, SuretyError, signReceipt } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import { type Address, type Hex, numberToHex, zeroAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { createSignatureCheck } from "./signatures.ts";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const key: Hex = `0x${"a1".repeat(32)}`;
const operator = privateKeyToAccount(key).address.toLowerCase() as Address;
const domain = receiptDomain({ chainId: 31337n, receiptLog: `0x${"c1".repeat(20)}` });
const hash: Hex = `0x${"12".repeat(32)}`;
const receipt = (seq: number): Receipt => ({
  provider: `0x${"d1".repeat(20)}`,
  modelId: hash,
  epoch: 7n,
  seq,
  slot: 3,
  client: zeroAddress,
  inputHash: hash,
  outputHash: hash,
  units: 1,
  servedAtMs: 1_800_000_000_123n,
  latencyMs: 12,
});

/** The same point of the curve, with the other s. */
const twin = (signature: Hex): Hex => {
  const s = ORDER - BigInt(`0x${signature.slice(66, 130)}`);
  const v = signature.endsWith("1b") ? "1c" : "1b";
  return `${signature.slice(0, 66) as Hex}${numberToHex(s, { size: 32 }).slice(2)}${v}`;
};

describe("signature check of receipts", () => {
  const isSigned = createSignatureCheck(domain);
  const check = (r: Receipt, signature: Hex, by: Address) => isSigned({ receipt: r, signature, operator: by });

  it("accepts what the operator signed, the first time and from then on", async () => {
    for (let seq = 0; seq < 8; seq++) {
      expect(await check(receipt(seq), await signReceipt(receipt(seq), domain, key), operator)).to.equal(true);
    }
  });

  it("does not recover again once it knows the key", async () => {
    const signed = await Promise.all(Array.from({ length: 40 }, (_, seq) => signReceipt(receipt(seq), domain, key)));
    const seconds = async (work: (seq: number) => Promise<unknown>): Promise<number> => {
      const before = process.cpuUsage();
      for (const seq of signed.keys()) await work(seq);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1e6;
    };
    const recovered = await seconds((seq) => recoverReceiptSigner(domain, receipt(seq), signed[seq]!));
    const checked = await seconds((seq) => check(receipt(seq), signed[seq]!, operator));
    expect(checked).to.be.below(0.8 * recovered);
  });

  it("refuses another key's signature, another receipt's, another domain's, and each twin", async () => {
    const good = await signReceipt(receipt(1), domain, key);
    expect(await check(receipt(1), good, operator)).to.equal(true);
    const other = receiptDomain({ chainId: 1n, receiptLog: `0x${"c1".repeat(20)}` });
    const wrong: Hex[] = [
      await signReceipt(receipt(1), domain, `0x${"a2".repeat(32)}`),
      await signReceipt(receipt(2), domain, key),
      await signReceipt(receipt(1), other, key),
      twin(good),
      `${good.slice(0, 130) as Hex}${good.endsWith("1b") ? "1c" : "1b"}`,
      `${good.slice(0, 130) as Hex}1d`,
      `0x${"00".repeat(64)}1b`,
      `0x${"ff".repeat(64)}1b`,
      "0x",
    ];
    for (const signature of wrong) expect(await check(receipt(1), signature, operator), signature).to.equal(false);
  });

  it("agrees with recovery on signatures that somebody has touched", async () => {
    const signed = await Promise.all([0, 1, 2, 3].map((seq) => signReceipt(receipt(seq), domain, key)));
    const bit = fc.record({
      seq: fc.integer({ min: 0, max: 3 }),
      at: fc.integer({ min: 0, max: 519 }),
      flip: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(bit, async ({ seq, at, flip }) => {
        const bytes = Buffer.from(signed[seq]!.slice(2), "hex");
        if (flip) bytes[at >> 3]! ^= 1 << (at & 7);
        const signature: Hex = `0x${bytes.toString("hex")}`;
        const signer = await recoverReceiptSigner(domain, receipt(seq), signature).catch((error: unknown) => {
          if (error instanceof SuretyError) return null;
          throw error;
        });
        expect(await check(receipt(seq), signature, operator)).to.equal(signer?.toLowerCase() === operator);
      }),
      { numRuns: 60 },
    );
  });
});
