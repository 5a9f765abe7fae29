import { expect } from "chai";
import { encodeRlp, keccak256, stripZerosLeft } from "ethers";
import fc from "fast-check";
import { type Hex, numberToHex } from "viem";
import { refusal } from "../testing/refusal.ts";
import { simBlock } from "../testing/sim-blocks.ts";
import { headerRlp, type RpcBlock } from "./header.ts";

/** The header's fields by the Yellow Paper and the proposals after it, with how many bytes each has; 0 is a number. */
const LAYOUT: [string, number][] = [
  ["parentHash", 32],
  ["sha3Uncles", 32],
  ["miner", 20],
  ["stateRoot", 32],
  ["transactionsRoot", 32],
  ["receiptsRoot", 32],
  ["logsBloom", 256],
  ["difficulty", 0],
  ["number", 0],
  ["gasLimit", 0],
  ["gasUsed", 0],
  ["timestamp", 0],
  ["extraData", -1],
  ["mixHash", 32],
  ["nonce", 8],
  ["baseFeePerGas", 0],
  ["withdrawalsRoot", 32],
  ["blobGasUsed", 0],
  ["excessBlobGas", 0],
  ["parentBeaconBlockRoot", 32],
  ["requestsHash", 32],
  ["blockAccessListHash", 32],
];
/** Fields of a header before London, London, Shanghai, Cancun, Prague, Amsterdam. */
const FORKS = [15, 16, 17, 20, 21, 22];

/** A block of `fields` header fields as a node gives it, and its header as ethers encodes it. */
function blockOf(fields: number, pick: (name: string, size: number) => Hex): { block: RpcBlock; rlp: string } {
  const layout = LAYOUT.slice(0, fields).map(([name, size]) => ({ name, size, value: pick(name, size) }));
  const rlp = encodeRlp(layout.map(({ size, value }) => (size === 0 ? stripZerosLeft(evened(value)) : value)));
  const block = Object.fromEntries(layout.map(({ name, value }) => [name, value]));
  return { block: { ...block, size: "0x220", uncles: [], hash: keccak256(rlp) as Hex }, rlp };
}
const evened = (hex: Hex): Hex => (hex.length % 2 === 0 ? hex : `0x0${hex.slice(2)}`);

const plain = (name: string, size: number): Hex => {
  if (size === 0) return numberToHex(name.length * 1000);
  return size < 0 ? "0x73757265" : `0x${name.length.toString(16).padStart(2, "0").repeat(size)}`;
};

/** Genesis of Ethereum's main network, whose hash everybody knows. */
const GENESIS: RpcBlock = {
  hash: "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
  parentHash: `0x${"00".repeat(32)}`,
  sha3Uncles: "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
  miner: `0x${"00".repeat(20)}`,
  stateRoot: "0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544",
  transactionsRoot: "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
  receiptsRoot: "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
  logsBloom: `0x${"00".repeat(256)}`,
  difficulty: "0x400000000",
  number: "0x0",
  gasLimit: "0x1388",
  gasUsed: "0x0",
  timestamp: "0x0",
  extraData: "0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa",
  mixHash: `0x${"00".repeat(32)}`,
  nonce: "0x0000000000000042",
  totalDifficulty: "0x400000000",
};

describe("headerRlp", () => {
  it("encodes the first block of Ethereum to the hash that is known", () => {
    expect(keccak256(headerRlp(GENESIS))).to.equal(GENESIS.hash);
  });

  it("agrees with ethers on the header of every fork", () => {
    for (const fields of FORKS) {
      const { block, rlp } = blockOf(fields, plain);
      expect(headerRlp(block), `${fields} fields`).to.equal(rlp);
    }
  });

  it("agrees with ethers whatever the values: zero, odd digits, leading zeros, long extra data", () => {
    const number = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt(0n, 300n));
    const data = fc.uint8Array({ maxLength: 80 });
    fc.assert(
      fc.property(
        fc.constantFrom(...FORKS),
        fc.array(number, { minLength: 8, maxLength: 8 }),
        data,
        (n, numbers, d) => {
          let i = 0;
          const { block, rlp } = blockOf(n, (name, size) => {
            if (size === 0) return numberToHex(numbers[i++]!);
            return size < 0 ? `0x${Buffer.from(d).toString("hex")}` : plain(name, size);
          });
          expect(headerRlp(block)).to.equal(rlp);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("keeps leading zeros of hashes and of the nonce, not of numbers", () => {
    const { block, rlp } = blockOf(21, (_, size) => {
      if (size === 0) return "0x0007";
      return size < 0 ? "0x" : `0x${"00".repeat(size - 1)}01`;
    });
    expect(headerRlp(block)).to.equal(rlp);
  });

  it("passes over fields that a node gives as null because its fork has none", () => {
    const { block, rlp } = blockOf(16, plain);
    expect(headerRlp({ ...block, withdrawalsRoot: null, requestsHash: undefined })).to.equal(rlp);
  });

  it("encodes the blocks of the simulated chain", () => {
    for (const number of [1n, 4n, 1_000_003n]) {
      const block = simBlock(1_800_000_000n, number);
      expect(keccak256(headerRlp(block))).to.equal(block.hash);
    }
  });

  it("refuses a block with any one field changed or left out", () => {
    const { block } = blockOf(21, plain);
    for (const [name, size] of LAYOUT.slice(0, 21)) {
      const touched: Hex = size < 0 ? "0x" : `0x${"ab".repeat(size === 0 ? 3 : size)}`;
      expect(
        refusal(() => headerRlp({ ...block, [name]: touched })),
        name,
      ).to.equal("HEADER_MISMATCH");
      const { [name]: _, ...rest } = block;
      expect(
        refusal(() => headerRlp(rest as RpcBlock)),
        name,
      ).to.equal(LAYOUT.findIndex(([n]) => n === name) < 15 ? "HEADER_INCOMPLETE" : "HEADER_MISMATCH");
    }
  });

  it("refuses values that are not hex", () => {
    const { block } = blockOf(21, plain);
    for (const value of [7, 7n, "7", null, {}]) {
      expect(refusal(() => headerRlp({ ...block, number: value }))).to.equal("HEADER_INCOMPLETE");
    }
  });

  it("refuses a chain whose header has a field more", () => {
    const { block, rlp } = blockOf(22, plain);
    const { blockAccessListHash, ...rest } = block;
    expect(refusal(() => headerRlp({ ...rest, somethingNew: blockAccessListHash } as RpcBlock))).to.equal(
      "HEADER_MISMATCH",
    );
    expect(headerRlp(block)).to.equal(rlp);
  });
});
