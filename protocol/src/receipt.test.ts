import { createHmac } from "node:crypto";
import { expect } from "chai";
import { AbiCoder, keccak256 as ethersKeccak, TypedDataEncoder, Wallet } from "ethers";
import { type Hex, zeroAddress } from "viem";
import { leafHash, leafSalt, sealOutput } from "./leaf.ts";
import {
  checkReceipt,
  receiptDigest,
  receiptDomain,
  receiptStructHash,
  receiptTypes,
  recoverReceiptSigner,
  signReceipt,
} from "./receipt.ts";
import { code, codeOf } from "./testing/refusal.ts";
import { account, hash, receipt } from "./testing/samples.ts";

const domain = receiptDomain({ chainId: 31337, receiptLog: account(0x106) });
const types = { Receipt: receiptTypes.Receipt.map((f) => ({ ...f })) };
const key = hash(0x5ec2e7);
const abi = AbiCoder.defaultAbiCoder();

describe("receipt", () => {
  it("has the digest and struct hash that ethers computes", () => {
    const message = receipt();
    const ethersDomain = { name: "Surety", version: "1", chainId: 31337, verifyingContract: account(0x106) };
    expect(receiptDigest(domain, message)).to.equal(TypedDataEncoder.hash(ethersDomain, types, message));
    expect(receiptStructHash(message)).to.equal(TypedDataEncoder.hashStruct("Receipt", types, message));
    expect(receiptDigest({ ...domain, chainId: 1 }, message)).to.not.equal(receiptDigest(domain, message));
  });

  it("is signed by the operator, and only its content verifies", async () => {
    const signature = await signReceipt(receipt(), domain, key);
    const operator = new Wallet(key).address;
    expect(await recoverReceiptSigner(domain, receipt(), signature)).to.equal(operator);
    expect(await recoverReceiptSigner(domain, receipt({ units: 4 }), signature)).to.not.equal(operator);
    const ethersSigned = await new Wallet(key).signTypedData(
      { name: "Surety", version: "1", chainId: 31337, verifyingContract: account(0x106) },
      types,
      receipt(),
    );
    expect(ethersSigned).to.equal(signature);
  });

  it("refuses signatures that have a twin or no shape", async () => {
    const signature = await signReceipt(receipt(), domain, key);
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = order - BigInt(`0x${signature.slice(66, 130)}`);
    const v = signature.endsWith("1b") ? "1c" : "1b";
    const twin = `0x${signature.slice(2, 66)}${s.toString(16).padStart(64, "0")}${v}` as Hex;
    const none = `0x${"f".repeat(64)}${"0".repeat(63)}1${v}` as Hex;
    for (const bad of [twin, none, "0x", signature.slice(0, 130), `${signature.slice(0, 130)}00`] as Hex[]) {
      expect(await codeOf(recoverReceiptSigner(domain, receipt(), bad)), bad).to.equal("PROTOCOL_BAD_SIGNATURE");
    }
  });

  it("refuses fields out of range", async () => {
    const range = [
      { epoch: 1n << 64n },
      { seq: 2 ** 32 },
      { slot: 24 },
      { units: 1.5 },
      { servedAtMs: -1n },
      { latencyMs: -1 },
    ];
    for (const bad of range) expect(code(() => checkReceipt(receipt(bad)))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => receiptStructHash(receipt({ client: "0x12" })))).to.equal("PROTOCOL_BAD_ADDRESS");
    expect(code(() => receiptDigest(domain, receipt({ outputHash: "0x12" })))).to.equal("PROTOCOL_BAD_BYTES32");
    expect(code(() => receiptDomain({ chainId: -1, receiptLog: zeroAddress }))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(await codeOf(signReceipt(receipt(), domain, "0x12"))).to.equal("PROTOCOL_BAD_BYTES32");
    expect(await codeOf(signReceipt(receipt({ slot: 99 }), domain, key))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });
});

describe("leaf", () => {
  it("is salted by HMAC-SHA256 of the sequence number", () => {
    const want = createHmac("sha256", Buffer.from(key.slice(2), "hex"))
      .update(Buffer.from([0, 1, 0, 2]))
      .digest("hex");
    expect(leafSalt(key, 65_538)).to.equal(`0x${want}`);
    expect(leafSalt(key, 0)).to.not.equal(leafSalt(key, 1));
  });

  it("seals the output and hashes its fields twice", () => {
    const salt = leafSalt(key, 7);
    const { outputHash, ...rest } = receipt();
    const sealed = sealOutput(salt, outputHash);
    expect(sealed).to.equal(ethersKeccak(abi.encode(["bytes32", "bytes32"], [salt, outputHash])));
    const r = { ...rest, sealed };
    const inner = abi.encode(
      [
        "address",
        "bytes32",
        "uint64",
        "uint32",
        "uint8",
        "address",
        "bytes32",
        "bytes32",
        "uint32",
        "uint64",
        "uint32",
      ],
      [
        r.provider,
        r.modelId,
        r.epoch,
        r.seq,
        r.slot,
        r.client,
        r.inputHash,
        sealed,
        r.units,
        r.servedAtMs,
        r.latencyMs,
      ],
    );
    expect(leafHash(r)).to.equal(ethersKeccak(ethersKeccak(inner)));
  });

  it("refuses what is malformed", () => {
    const { outputHash, ...rest } = receipt();
    expect(code(() => leafSalt("0x12", 0))).to.equal("PROTOCOL_BAD_BYTES32");
    expect(code(() => leafSalt(key, 2 ** 32))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => sealOutput(key, "0x"))).to.equal("PROTOCOL_BAD_BYTES32");
    expect(code(() => leafHash({ ...rest, sealed: "0x" }))).to.equal("PROTOCOL_BAD_BYTES32");
    expect(code(() => leafHash({ ...rest, sealed: outputHash, seq: -1 }))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });
});
