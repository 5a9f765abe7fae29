import { epochSeed, leafHash, receiptStructHash, receiptTypes, sealOutput } from "@surety/protocol";
import { assert } from "chai";
import fc from "fast-check";
import { keccak256, toHex } from "viem";
import { address, bytes32, call, runs, uint } from "./harness.ts";

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const receipt = fc.record({
  provider: address,
  modelId: bytes32,
  epoch: uint(64),
  seq: u32,
  slot: fc.integer({ min: 0, max: 23 }),
  client: address,
  inputHash: bytes32,
  outputHash: bytes32,
  units: u32,
  servedAtMs: uint(64),
  latencyMs: u32,
});

describe("Receipts against its twin", () => {
  it("has the EIP-712 type of the twin", async () => {
    const fields = receiptTypes.Receipt.map(({ name, type }) => `${type} ${name}`).join(",");
    assert.equal(await call("receiptTypehash"), keccak256(toHex(`Receipt(${fields})`)));
  });

  it("hashes receipts, seals and leaves alike", async () => {
    const property = fc.asyncProperty(receipt, bytes32, async (r, salt) => {
      assert.equal(await call("structHash", r), receiptStructHash(r));
      const sealed = sealOutput(salt, r.outputHash);
      assert.equal(await call("seal", salt, r.outputHash), sealed);
      assert.equal(await call("leafHash", { ...r, sealedOutput: sealed }), leafHash({ ...r, sealed }));
    });
    await fc.assert(property, runs(150));
  });

  it("seeds epochs alike", async () => {
    const property = fc.asyncProperty(bytes32, uint(64), async (value, epoch) => {
      assert.equal(await call("seed", value, epoch), epochSeed(value, epoch));
    });
    await fc.assert(property, runs(200));
  });
});
