import { join } from "node:path";
import { contractAddress, type Store as Database, type Deployment, openStore, readDeployment } from "@surety/node-kit";
import { expect } from "chai";
import { systemClock } from "../verifier/src/system.ts";
import { keptLog } from "../verifier/src/testing/world.ts";
import { NEVER } from "../verifier/src/watch/tickets.ts";
import { openWatch, type Watch } from "../verifier/src/watch/watch.ts";
import { main as deploy } from "./deploy.ts";
import { createStage, type Operator, type Stage } from "./lib/testing/operator.ts";
import { main as mint } from "./mint.ts";
import { main as verifier } from "./verifier.ts";

describe("a verifier's watch of a chain", function () {
  this.timeout(60_000);
  let stage: Stage;
  let who: Operator;
  let deployment: Deployment;
  const opened: Database[] = [];
  const log = keptLog();

  before(async () => {
    stage = await createStage();
    who = stage.operators[0]!;
    await who.ok(deploy);
    deployment = readDeployment(who.env.SURETY_DEPLOYMENTS!, 31337);
    await who.ok(mint, "--amount", "1000");
    await who.ok(verifier, "register", "--tickets", "2");
    // Blocks come with transactions alone.
    await stage.chain.client.setIntervalMining({ interval: 0 });
  });
  after(async () => {
    for (const database of opened) database.close();
    await stage.close();
  });

  const open = (name: string, confirmations = 0): Promise<Watch> => {
    const database = openStore({ directory: join(stage.folder, name) });
    opened.push(database);
    const contracts = { ...deployment.contracts, EpochClock: contractAddress(deployment, "EpochClock") };
    const { client } = stage.chain;
    const { startBlock } = deployment;
    return openWatch({ client, database, contracts, startBlock, confirmations, clock: systemClock, log, minGapMs: 0 });
  };
  /** Tickets that are held, by their places. */
  const held = (watch: Watch): number[] =>
    watch
      .facts()
      .tickets()
      .flatMap(({ until }, index) => (until === NEVER ? [index] : []));

  it("follows it, forgets what a reorganisation took back, and knows the same after a start", async () => {
    const { client } = stage.chain;
    const watch = await open("watch");
    await watch.poll();
    const first = watch.facts();
    expect(held(watch)).to.deep.equal([0, 1]);
    const id = await client.snapshot();
    await who.ok(verifier, "give-back", "--ticket-numbers", "1");
    await watch.poll();
    expect(held(watch)).to.deep.equal([0]);
    expect(watch.facts()).to.equal(first);

    await client.revert({ id });
    await who.ok(verifier, "register", "--tickets", "1");
    await watch.poll();
    expect(watch.facts()).not.to.equal(first);
    expect(held(watch)).to.deep.equal([0, 1, 2]);
    expect(log.lines.map(({ message }) => message)).to.deep.equal(["the chain was reorganised"]);

    opened.pop()!.close();
    const again = await open("watch");
    expect(held(again), "before it reads anything").to.deep.equal([0, 1, 2]);
    await who.ok(verifier, "give-back", "--ticket-numbers", "2");
    await again.poll();
    expect(held(again)).to.deep.equal([0, 1]);
  });

  it("believes nothing above which too few blocks stand, and says by when it knows all", async () => {
    const { client } = stage.chain;
    const watch = await open("deep", 2);
    await client.setNextBlockTimestamp({ timestamp: (await client.getBlock()).timestamp + 5n });
    await who.ok(verifier, "give-back", "--ticket-numbers", "1");
    const { number, timestamp } = await client.getBlock();
    await client.mine({ blocks: 1, interval: 5 });
    const early = await watch.poll();
    expect(held(watch)).to.deep.equal([0, 1]);
    expect([early.head.number, early.seen < timestamp]).to.deep.equal([number + 1n, true]);
    await client.mine({ blocks: 1, interval: 5 });
    expect((await watch.poll()).seen).to.equal(timestamp);
    expect(held(watch)).to.deep.equal([0]);
  });
});
