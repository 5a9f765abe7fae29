import { SuretyError } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import { firstBlockAt } from "./first-block.ts";

/** A chain by its timestamps, which counts how often it is read. */
function chainOf(stamps: readonly number[]) {
  const read: bigint[] = [];
  const timestampOf = async (number: bigint): Promise<bigint> => {
    read.push(number);
    const stamp = stamps[Number(number)];
    if (number < 0n || stamp === undefined) throw new Error(`block ${number} was asked for, there is none`);
    return BigInt(stamp);
  };
  return {
    read,
    find: (time: number, head = stamps.length - 1) => firstBlockAt(timestampOf, BigInt(head), BigInt(time)),
  };
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: unknown) => {
      if (error instanceof SuretyError) return error.code;
      throw error;
    },
  );

/** Timestamps that never fall; some blocks share a second, some are far apart. */
const stamps = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 500 })), { minLength: 2, maxLength: 300 })
  .map((gaps) => gaps.map((_, i) => gaps.slice(0, i + 1).reduce((a, b) => a + b, 1_000)));

describe("firstBlockAt", () => {
  it("finds the first block at or after any time, on any chain, in few reads", async () => {
    await fc.assert(
      fc.asyncProperty(stamps, fc.double({ min: 0, max: 1, noNaN: true }), async (chain, share) => {
        const [first, last] = [chain[0]!, chain.at(-1)!];
        fc.pre(last > first);
        const time = first + 1 + Math.floor(share * (last - first - 1));
        const { find, read } = chainOf(chain);
        const want = chain.findIndex((stamp) => stamp >= time);
        expect(await find(time)).to.equal(BigInt(want));
        const distance = chain.length - want;
        expect(read.length, `distance ${distance}`).to.be.at.most(2 * Math.ceil(Math.log2(distance + 1)) + 3);
      }),
      { numRuns: 300 },
    );
  });

  it("finds every block of a short chain, from every head", async () => {
    const chain = [10, 20, 20, 30, 41, 41, 41, 55, 60];
    for (let head = 1; head < chain.length; head++) {
      for (let time = 11; time <= chain[head]!; time++) {
        const want = chain.findIndex((stamp) => stamp >= time);
        expect(await chainOf(chain).find(time, head), `head ${head}, time ${time}`).to.equal(BigInt(want));
      }
    }
  });

  it("reads a long chain near its head, not from its beginning", async () => {
    const chain = Array.from({ length: 1_000_000 }, (_, i) => 12 * i);
    const { find, read } = chainOf(chain);
    expect(await find(12 * 999_990)).to.equal(999_990n);
    expect(read.length).to.be.at.most(10);
    expect(read.every((number) => number > 999_900n)).to.equal(true);
  });

  it("takes the head if only the head is late enough", async () => {
    expect(await chainOf([10, 20, 30]).find(30)).to.equal(2n);
    expect(await chainOf([10, 20, 30]).find(21)).to.equal(2n);
  });

  it("asks to wait while the head is before the time", async () => {
    const { find, read } = chainOf([10, 20, 30]);
    expect(await codeOf(find(31))).to.equal("BLOCK_TOO_EARLY");
    expect(read).to.deep.equal([2n]);
    const error = await find(31).catch((e: unknown) => e);
    expect((error as SuretyError).retryable).to.equal(true);
  });

  it("refuses a time that no block is before: the draw needs a parent", async () => {
    for (const length of [1, 2, 3, 4, 5, 8, 9, 33]) {
      const { find } = chainOf(Array.from({ length }, (_, i) => 10 + i));
      expect(await codeOf(find(10)), `${length} blocks`).to.equal("BLOCK_NO_PARENT");
    }
  });

  it("passes on what reading a block throws", async () => {
    const failing = async (): Promise<bigint> => {
      throw new SuretyError("BLOCK_UNKNOWN", "the node has no such block");
    };
    expect(await codeOf(firstBlockAt(failing, 5n, 1n))).to.equal("BLOCK_UNKNOWN");
  });
});
