import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unpackProbeReport, unpackRerunReport } from "@surety/protocol";
import { expect } from "chai";
import { zeroHash } from "viem";
import { type Assignment, createStore } from "./store/index.ts";
import { serveChain } from "./testing/chain-over-http.ts";
import { simNow } from "./testing/fast-clock.ts";
import { createWorld, EPOCH, SLOW, type World } from "./testing/world.ts";

const SCRIPT = fileURLToPath(new URL("./testing/killed-verifier.ts", import.meta.url));

/** Where the process dies, in the order in which the work comes there. */
const POINTS = [
  "after probe",
  "after 0 planned to evidence",
  "after leaf",
  "after run",
  "before journal",
  "after journal",
  "after commitment",
  "after commit",
  "after outputs",
  "before reveal",
  "after reveal",
];

/** And in a redraw, to which everything falls because the provider showed nothing before. */
const REDRAW_POINTS = [
  "after leaf",
  "after run",
  "before redraw journal",
  "after redraw journal",
  "after redraw commitment",
  "after redraw commit",
  "after outputs",
  "after 2 committed to compared",
  "before redraw reveal",
  "after redraw reveal",
];

describe("verifier, killed between any two steps", () => {
  let world: World;
  afterEach(() => world.close());

  /** Lives through the epoch with a process that dies at each of the points. @returns those where it did, and the work */
  async function live(points: readonly string[], end: bigint): Promise<{ died: string[]; rows: Assignment[] }> {
    const { chain, time } = world;
    const { url, server } = await serveChain(chain);
    let child: ChildProcess | undefined;

    /** Time stands still until the next process is up: what is measured here is the state, not the speed of a start. */
    const start = async (point: string): Promise<ChildProcess> => {
      Object.assign(time, { base: simNow(time), start: Date.now(), speed: 0 });
      const next = spawn(process.execPath, [SCRIPT, point, world.directory, url], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      await once(next.stdout!, "data");
      Object.assign(time, { start: Date.now(), speed: world.speed });
      next.stdin!.write(`${JSON.stringify(time)}\n`);
      return next;
    };
    const died: string[] = [];
    const over = () => simNow(time) > Number(end + 8n) * 1000;
    const supervise = async (): Promise<void> => {
      for (const point of [...points, "never"]) {
        if (over()) return;
        child = await start(point);
        const exit = once(child, "exit");
        while (child.exitCode === null && child.signalCode === null && !over()) {
          await Promise.race([exit, new Promise((resolve) => setTimeout(resolve, 50))]);
        }
        if (child.signalCode === "SIGKILL") died.push(point);
      }
    };
    try {
      await Promise.all([supervise(), world.live()]);
    } finally {
      child?.kill("SIGKILL");
      server.close();
    }
    const store = createStore(join(world.directory, "work.sqlite"));
    const rows = store.assignments.ofEpoch(EPOCH);
    store.close();
    return { died, rows };
  }

  /** What was sent of a function and not refused, and how many different commitments were tried in all. */
  const accepted = (what: string) =>
    world.chain.sent.filter((sent) => sent.what.startsWith(what) && sent.refused === null);
  const hashes = () =>
    new Set(world.chain.sent.filter(({ what }) => what.startsWith("commit")).map(({ args }) => args[1])).size;

  it("comes back, loses nothing that could be kept, and never commits to two things", async function () {
    this.timeout(180_000);
    world = await createWorld({ pace: SLOW, speed: 3 });
    const { died, rows } = await live(POINTS, world.chain.facts().times(EPOCH).revealEnd);
    expect(died).to.deep.equal(POINTS);
    expect(rows.map(({ role, state, reason }) => [role, state, reason])).to.deep.equal([
      [0, "done", null],
      [1, "done", null],
    ]);
    const [probe, rerun] = rows;
    const report = unpackProbeReport(probe!.report!);
    expect(report.timely).to.equal(report.probes);
    expect(report.probes).to.be.within(6, 10);
    expect(unpackRerunReport(rerun!.report!).verdicts).to.deep.equal(Array(12).fill("match"));
    expect(hashes()).to.equal(1);
    expect(accepted("commit")).to.have.length(1);
    expect(accepted("reveal")).to.have.length(1);
  });

  it("takes a redraw to its quorum, with a commitment and results of its own", async function () {
    this.timeout(180_000);
    world = await createWorld({ pace: SLOW, speed: 3, attending: 1 });
    const { chain, provider } = world;
    const { revealEnd, redrawEnd } = chain.facts().times(EPOCH);
    provider.misbehave.inputs = (response) => {
      if (chain.now().head.timestamp >= revealEnd) return false;
      response.writeHead(503).end();
      return true;
    };
    const { died, rows } = await live(REDRAW_POINTS, redrawEnd);
    expect(died).to.deep.equal(REDRAW_POINTS);
    expect(rows.map(({ role, state, reason }) => [role, state, reason])).to.deep.equal([
      [0, "done", null],
      [1, "done", null],
      [2, "done", null],
    ]);
    const [, rerun, redraw] = rows;
    expect(unpackRerunReport(rerun!.report!).verdicts).to.deep.equal(Array(12).fill("not-opened"));
    expect(unpackRerunReport(redraw!.report!).verdicts).to.deep.equal(Array(12).fill("match"));
    expect(rerun!.dataRoot).to.equal(zeroHash);
    expect(redraw!.dataRoot).not.to.equal(zeroHash);
    expect(hashes()).to.equal(2);
    expect(accepted("commit")).to.have.length(2);
    expect(accepted("reveal")).to.have.length(2);
    const settled = chain.events.filter(({ eventName }) => eventName === "Settled");
    expect(settled.map(({ args }) => args)).to.have.nested.property("[0].matches", 12);
    expect(settled[0]!.timestamp >= redrawEnd).to.equal(true);
  });
});
