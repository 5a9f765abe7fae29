import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unpackProbeReport, unpackRerunReport } from "@surety/protocol";
import { expect } from "chai";
import { createStore } from "./store/index.ts";
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

describe("verifier, killed between any two steps", () => {
  let world: World;
  afterEach(() => world.close());

  it("comes back, loses nothing that could be kept, and never commits to two things", async function () {
    this.timeout(180_000);
    world = await createWorld({ pace: SLOW, speed: 3 });
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
    const { revealEnd } = chain.facts().times(EPOCH);
    const over = () => simNow(time) > Number(revealEnd + 8n) * 1000;
    const supervise = async (): Promise<void> => {
      for (const point of [...POINTS, "never"]) {
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

    expect(died).to.deep.equal(POINTS);
    const store = createStore(join(world.directory, "work.sqlite"));
    const [probe, rerun] = store.assignments.ofEpoch(EPOCH);
    store.close();
    expect([probe?.reason, rerun?.reason]).to.deep.equal([null, null]);
    expect([probe?.state, rerun?.state]).to.deep.equal(["done", "done"]);
    const report = unpackProbeReport(probe!.report!);
    expect(report.timely).to.equal(report.probes);
    expect(report.probes).to.be.within(6, 10);
    expect(unpackRerunReport(rerun!.report!).verdicts).to.deep.equal(Array(12).fill("match"));
    const commits = chain.sent.filter(({ what }) => what.startsWith("commit"));
    expect(new Set(commits.map(({ args }) => args[1])).size).to.equal(1);
    expect(commits.filter(({ refused }) => refused === null)).to.have.length(1);
    const reveals = chain.sent.filter(({ what, refused }) => what.startsWith("reveal") && refused === null);
    expect(reveals).to.have.length(1);
  });
});
