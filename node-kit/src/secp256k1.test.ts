import { SuretyError } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import { bytesToHex, type Hex, recoverAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { recoverSigner, toFastAccount } from "./secp256k1.ts";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytesToHex(bytes));
const keys = bytes32.filter((key) => BigInt(key) > 0n && BigInt(key) < ORDER);

describe("fast signatures", () => {
  it("are viem's, bit for bit, and recover to the same address", async () => {
    await fc.assert(
      fc.asyncProperty(keys, bytes32, async (key, hash) => {
        const slow = privateKeyToAccount(key);
        const fast = toFastAccount(key);
        const signature = await fast.sign({ hash });
        expect(signature).to.equal(await slow.sign({ hash }));
        expect(fast.address).to.equal(slow.address);
        expect(recoverSigner(hash, signature)).to.equal(slow.address);
      }),
      { numRuns: 50 },
    );
  });

  it("of typed data are viem's too", async () => {
    const typed = {
      domain: { name: "Surety", version: "1", chainId: 31337 },
      types: { Note: [{ name: "text", type: "string" }] },
      primaryType: "Note",
      message: { text: "kept" },
    } as const;
    const key: Hex = `0x${"07".repeat(32)}`;
    const signature = await toFastAccount(key).signTypedData(typed);
    expect(signature).to.equal(await privateKeyToAccount(key).signTypedData(typed));
  });

  it("of another digest recover to another address, as viem's do", async () => {
    const account = toFastAccount(`0x${"07".repeat(32)}`);
    const signature = await account.sign({ hash: `0x${"01".repeat(32)}` });
    const other: Hex = `0x${"02".repeat(32)}`;
    expect(recoverSigner(other, signature)).to.equal(await recoverAddress({ hash: other, signature }));
    expect(recoverSigner(other, signature)).to.not.equal(account.address);
  });

  it("refuses what no key can have made", () => {
    const digest: Hex = `0x${"01".repeat(32)}`;
    const zero = "00".repeat(32);
    const high = "ff".repeat(32);
    for (const signature of [
      "0x",
      `0x${zero}${zero}1b`,
      `0x${high}${high}1b`,
      `0x${"01".repeat(64)}1d`,
      `0x${"01".repeat(64)}`,
    ] as Hex[]) {
      expect(() => recoverSigner(digest, signature), signature)
        .to.throw(SuretyError)
        .with.property("code", "SIGNATURE_MALFORMED");
    }
  });
});
