import { expect } from "chai";
import { TypedDataEncoder, Wallet } from "ethers";
import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { receiptDomain } from "./receipt.ts";
import {
  checkRequest,
  recoverRequestSigner,
  requestDigest,
  requestStructHash,
  requestTypes,
  signRequest,
} from "./request.ts";
import { code, codeOf } from "./testing/refusal.ts";
import { account, hash, request } from "./testing/samples.ts";

const domain = receiptDomain({ chainId: 31337, receiptLog: account(0x106) });
const types = { Request: requestTypes.Request.map((f) => ({ ...f })) };
const key = hash(0x5ec2e7);
const signer = privateKeyToAccount(key);

describe("signed request", () => {
  it("has the digest and struct hash that ethers computes", () => {
    const message = request();
    const ethersDomain = { name: "Surety", version: "1", chainId: 31337, verifyingContract: account(0x106) };
    expect(requestDigest(domain, message)).to.equal(TypedDataEncoder.hash(ethersDomain, types, message));
    expect(requestStructHash(message)).to.equal(TypedDataEncoder.hashStruct("Request", types, message));
  });

  it("is its client's, and every field of it is signed", async () => {
    const signature = await signRequest(request(), domain, signer);
    const client = new Wallet(key).address;
    expect(await recoverRequestSigner(domain, request(), signature)).to.equal(client);
    const others = [
      { provider: account(1) },
      { modelId: hash(1) },
      { client: account(1) },
      { inputHash: hash(1) },
      { signedAtMs: 1n },
      { nonce: hash(1) },
    ];
    expect(others.map((one) => Object.keys(one)[0])).to.deep.equal(requestTypes.Request.map(({ name }) => name));
    for (const other of others) {
      expect(await recoverRequestSigner(domain, request(other), signature)).to.not.equal(client);
    }
    const elsewhere = receiptDomain({ chainId: 1, receiptLog: account(0x106) });
    expect(await recoverRequestSigner(elsewhere, request(), signature)).to.not.equal(client);
  });

  it("refuses fields out of range, and signatures that have a twin or no shape", async () => {
    expect(code(() => checkRequest(request({ signedAtMs: -1n })))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => checkRequest(request({ client: "0x12" })))).to.equal("PROTOCOL_BAD_ADDRESS");
    expect(code(() => checkRequest(request({ nonce: "0x12" })))).to.equal("PROTOCOL_BAD_BYTES32");
    const signature = await signRequest(request(), domain, signer);
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = order - BigInt(`0x${signature.slice(66, 130)}`);
    const v = signature.endsWith("1b") ? "1c" : "1b";
    const twin = `0x${signature.slice(2, 66)}${s.toString(16).padStart(64, "0")}${v}` as Hex;
    for (const bad of [twin, "0x", signature.slice(0, 130)] as Hex[]) {
      expect(await codeOf(recoverRequestSigner(domain, request(), bad)), bad).to.equal("PROTOCOL_BAD_SIGNATURE");
    }
  });
});
