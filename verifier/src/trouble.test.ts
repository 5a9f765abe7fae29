import { SuretyError, unpackRerunReport } from "@surety/protocol";
import { expect } from "chai";
import type { Assignment } from "./store/index.ts";
import { createWorld, EPOCH, ME, SLOW, type World } from "./testing/world.ts";
import type { ChainEvent } from "./watch/events.ts";

/** What happens to others' machines: nothing of it is this verifier's fault, and all of it is slashed if it stops it. */
describe("verifier, under trouble", function () {
  this.timeout(120_000);
  let world: World;
  beforeEach(async () => {
    world = await createWorld({ pace: SLOW });
  });
  afterEach(() => world.close());

  /** Lives through the epoch until its settlement. @returns the probe and re-run assignments as they ended */
  const run = async (): Promise<Assignment[]> => {
    world.verifier.start();
    await world.live();
    await world.until(times().settleEnd);
    return world.deps.store.assignments.ofEpoch(EPOCH);
  };
  const times = () => world.chain.facts().times(EPOCH);
  const ends = (rows: readonly Assignment[]) => rows.map(({ role, state, reason }) => [role, state, reason]);
  const DONE = [
    [0, "done", null],
    [1, "done", null],
  ];
  const isMine = (name: string) => (event: ChainEvent) =>
    event.eventName === name && (event.args as { verifier?: string }).verifier === ME;
  /** What was sent of a function and not refused. */
  const accepted = (what: string) =>
    world.chain.sent.filter((sent) => sent.what.startsWith(`${what}:`) && sent.refused === null);
  const errors = () => world.log.lines.filter(({ level }) => level === "error").map(({ message }) => message);

  it("attests though the chain can be neither read nor written for a while in every window, and says what is at risk", async () => {
    const { watch, sender } = world.deps;
    const { poll } = watch;
    const { send } = sender;
    const { start, openEnd, commitEnd, outputEnd } = times();
    const outages = [
      [start + 4n, start + 7n],
      [openEnd, openEnd + 3n],
      [commitEnd + 1n, outputEnd + 3n],
    ] as const;
    let failed = 0;
    const isDown = (): boolean => {
      const { timestamp } = world.chain.now().head;
      return outages.some(([from, until]) => from <= timestamp && timestamp < until);
    };
    watch.poll = async () => {
      if (!isDown()) return poll();
      failed++;
      throw new SuretyError("CHAIN_RPC", "The RPC endpoint did not answer.", { retryable: true });
    };
    sender.send = async (call) => (isDown() ? { status: "unknown", code: "CHAIN_RPC" } : send(call));
    const rows = await run();
    expect(failed).to.be.greaterThan(10);
    expect(ends(rows)).to.deep.equal(DONE);
    expect([accepted("commit"), accepted("reveal")].map(({ length }) => length)).to.deep.equal([1, 1]);
    const alarm = "reveals are due that this verifier is slashed for: give it a node that answers";
    expect(errors().filter((message) => message === alarm)).to.have.length(1);
  });

  it("commits and reveals again what a reorganisation took back, and never to anything else", async () => {
    /** Takes back what this verifier did, once, a second after it was seen. */
    const takeBack = async (name: string): Promise<void> => {
      const { chain } = world;
      while (!chain.events.some(isMine(name))) await new Promise((resolve) => setTimeout(resolve, 20));
      await world.until(chain.now().head.timestamp + 2n);
      chain.drop(isMine(name));
    };
    const [rows] = await Promise.all([run(), takeBack("Committed"), takeBack("Revealed")]);
    expect(ends(rows)).to.deep.equal(DONE);
    const hashes = accepted("commit").map(({ args }) => args[1]);
    expect(hashes).to.have.length(2);
    expect(new Set(hashes).size).to.equal(1);
    const [first, second] = accepted("reveal").map(({ args }) => args[1]);
    expect(second).to.deep.equal(first);
    expect(unpackRerunReport(rows[1]!.report!).verdicts).to.deep.equal(Array(12).fill("match"));
  });

  it("does not wait for a provider that never ends its answer, and says that it opened nothing", async () => {
    const { misbehave } = world.provider;
    const open = new Set<NodeJS.Timeout>();
    let dripped = 0;
    misbehave.outputs = (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const drip = setInterval(() => {
        dripped++;
        response.write(" ");
      }, 50);
      open.add(drip);
      response.once("close", () => clearInterval(drip));
      return true;
    };
    const rows = await run();
    for (const drip of open) clearInterval(drip);
    expect(dripped).to.be.greaterThan(5);
    expect(ends(rows)).to.deep.equal(DONE);
    expect(unpackRerunReport(rows[1]!.report!).verdicts).to.deep.equal(Array(12).fill("not-opened"));
    expect(accepted("reveal")).to.have.length(1);
  });
});
