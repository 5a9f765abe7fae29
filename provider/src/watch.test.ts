import { expect } from "chai";
import type { Hex } from "viem";
import { GENESIS, LENGTH, OPERATOR, PROVIDER } from "./testing/harness.ts";
import { createMemoryChain } from "./testing/memory-chain.ts";
import { createWatch } from "./watch.ts";

const model: Hex = `0x${"aa".repeat(32)}`;

/** A watch over a chain whose clock is set apart from the wall's. */
function setUp() {
  const time = { chain: Number(GENESIS + LENGTH) * 1000, wall: Number(GENESIS + LENGTH) * 1000 };
  const chain = createMemoryChain({
    genesis: GENESIS,
    length: LENGTH,
    provider: PROVIDER,
    operator: OPERATOR.address,
    now: () => time.chain,
  });
  chain.capacity.set(model, 7n);
  const watch = createWatch({ chain, modelIds: [model], operator: OPERATOR.address, now: () => time.wall });
  const pass = async (ms: number, looks = 1) => {
    for (let i = 0; i < looks; i++) {
      time.chain += ms;
      time.wall += ms;
      await watch.update();
    }
  };
  return { time, chain, watch, pass };
}

describe("watching the chain", () => {
  it("is ready once a block was seen to arrive", async () => {
    const { watch, pass } = setUp();
    expect(watch.problem()).to.match(/has not been read/);
    await pass(100);
    expect(watch.problem()).to.match(/no new block/);
    await pass(100);
    expect(watch.problem()).to.equal(null);
    expect(watch.promise(model, 1n)).to.deep.equal({ capacity: 7n });
    expect(watch.promise(model, 2n)).to.deep.equal({ capacity: 7n });
    expect(watch.promise(model, 3n)).to.equal(undefined);
  });

  it("says so while the clocks are more than two seconds apart, either way", async () => {
    const { time, watch, pass } = setUp();
    await pass(100, 2);
    time.wall += 1900;
    await pass(100, 10);
    expect(watch.problem()).to.equal(null);
    time.wall += 1200;
    await pass(100, 10);
    expect(watch.problem()).to.match(/3\d\d\d ms ahead of the chain's \(at most 2000/);
    time.wall -= 6000;
    await pass(100);
    expect(watch.problem()).to.match(/-\d+ ms ahead/);
    time.wall += 2900;
    await pass(100, 10);
    expect(watch.problem()).to.equal(null);
  });

  it("is not misled by one late block, nor by a node that was away", async () => {
    const { time, chain, watch, pass } = setUp();
    await pass(100, 3);
    time.wall += 4000;
    await watch.update();
    time.wall -= 4000;
    await pass(100);
    expect(watch.problem()).to.equal(null);
    chain.down = true;
    time.wall += 60_000;
    await watch.update().catch((error: Error) => expect(error.message).to.match(/down/));
    chain.down = false;
    time.chain += 30_000;
    await watch.update();
    expect(watch.skewMs()).to.be.below(2000);
  });

  it("refuses to sign for an epoch whose operator is another key", async () => {
    const { chain, watch, pass, time } = setUp();
    await pass(100, 3);
    chain.operator = PROVIDER;
    expect(watch.problem()).to.equal(null);
    const toNext = Number(GENESIS + 2n * LENGTH) * 1000 - time.wall;
    await pass(toNext);
    await pass(100);
    expect(watch.problem()).to.match(/the operator of epoch 2 is 0xf39f.* this key is/i);
  });

  it("waits for genesis", async () => {
    const { time, watch, pass } = setUp();
    time.chain -= 100_000;
    time.wall -= 100_000;
    await pass(100, 3);
    expect(watch.epoch()).to.equal(null);
    expect(watch.problem()).to.match(/the first epoch begins at Unix second 1700000000/);
  });
});
