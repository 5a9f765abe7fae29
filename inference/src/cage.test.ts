import { mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { cageFacts, nodeFlags, openCage } from "./cage.ts";
import { type Child, startChild } from "./child-process.ts";

const MEMORY_BYTES = 2 ** 30;
const cage = openCage(MEMORY_BYTES);
const DENIED = "ERR_ACCESS_DENIED";

/** The process that runs inside, from that which was started: the tools are each other's, and at last Node's, parents. */
function inner(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return child ? inner(Number(child)) : pid;
}

describe("cage", function () {
  this.timeout(60_000);
  let directory: string;
  let child: Child;
  const start = async () =>
    startChild({
      entry: fileURLToPath(new URL("./testing/probe-child.ts", import.meta.url)),
      name: "probe",
      words: cage.words,
      flags: nodeFlags("native"),
      directory,
      startMs: 30_000,
    });
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "surety-cage-"));
    child = await start();
  });
  after(async () => {
    await child.kill();
    rmSync(directory, { recursive: true });
  });
  /** What came of an attempt in the child. */
  const attempt = async (what: string): Promise<string> => {
    const reply = await child.request({ op: "unload", id: what }, 30_000);
    return reply.op === "error" ? reply.message : reply.op;
  };
  /** Defines a test of a wall that this system may lack; then it is skipped, and its title says why. */
  const wall = (measure: string, title: string, test: () => Promise<void>) => {
    const found = cage.measures.find(({ name }) => name.includes(measure));
    if (found === undefined) throw new Error(`there is no measure "${measure}"`);
    if (found.active) it(title, test);
    else it.skip(`${title} (not here: ${found.reason})`, test);
  };

  it("says of every wall whether it stands and why not", () => {
    expect(cage.measures).to.have.length(10);
    for (const { active, reason } of cage.measures) expect(active).to.equal(reason === undefined);
    const { active, missing } = cageFacts(cage);
    expect(active.length + missing.length).to.equal(cage.measures.length);
    expect(cageFacts({ words: [], measures: [{ name: "has wings", active: false, reason: "no tool" }] })).to.deep.equal(
      {
        active: [],
        missing: ["has wings: no tool"],
      },
    );
    expect(openCage(MEMORY_BYTES)).to.equal(cage);
  });

  it("gives an empty environment and an empty directory", async () => {
    expect(await attempt("environment")).to.equal("");
    expect(await attempt("directory")).to.equal(directory);
    expect(await attempt(`read ${directory}`)).to.equal(DENIED);
  });

  it("reads no file but code", async () => {
    for (const path of ["/etc/passwd", process.execPath, join(directory, "x"), "/proc/self/environ"])
      expect(await attempt(`read ${path}`), path).to.equal(DENIED);
    const own = fileURLToPath(import.meta.url);
    expect(await attempt(`read ${own}`)).to.equal(`did it: ${readFileSync(own).length} bytes`);
  });

  it("writes no file, starts no process and no thread", async () => {
    expect(await attempt(`write ${join(directory, "x")}`)).to.equal(DENIED);
    expect(await attempt("fork")).to.equal(DENIED);
    expect(await attempt("thread")).to.equal(DENIED);
  });

  wall("network", "reaches no socket of this machine", async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    expect(await attempt(`connect ${port}`)).to.be.oneOf(["ENETUNREACH", "ECONNREFUSED", "EADDRNOTAVAIL"]);
    server.close();
  });

  wall("signals", "cannot signal its parent", async () => {
    expect(await attempt(`signal ${process.pid}`)).to.equal("ESRCH");
  });

  wall("capabilities", "holds no capabilities and may gain none", async () => {
    // Where processes are hidden, the one that shows here is the tool outside; its child is inside.
    const status = readFileSync(`/proc/${inner(child.pid)}/status`, "utf8");
    expect(status)
      .to.match(/CapPrm:\t0+\n/)
      .and.match(/CapEff:\t0+\n/)
      .and.match(/CapBnd:\t0+\n/);
    expect(status).to.match(/NoNewPrivs:\t1\n/);
  });

  wall("file and no core", "has limits of zero for files and core dumps", async () => {
    const limits = readFileSync(`/proc/${inner(child.pid)}/limits`, "utf8");
    expect(limits)
      .to.match(/Max file size +0 +0 /)
      .and.match(/Max core file size +0 +0 /);
  });

  wall("first to go", "goes first when the system is out of memory", async () => {
    expect(readFileSync(`/proc/${inner(child.pid)}/oom_score_adj`, "utf8").trim()).to.equal("1000");
  });

  for (const [measure, namespace] of [
    ["rights over", "user"],
    ["in common", "ipc"],
    ["sees", "pid"],
    ["network", "net"],
  ] as const) {
    wall(measure, `lives in a namespace of its own (${namespace})`, async () => {
      const [ours, theirs] = ["self", inner(child.pid)].map((pid) => readlinkSync(`/proc/${pid}/ns/${namespace}`));
      expect(theirs).to.be.a("string").and.not.equal(ours);
    });
  }

  wall("writable memory", "gets no more memory than its cap", async () => {
    const got = Number.parseInt(await attempt("memory"), 10);
    expect(got)
      .to.be.at.least(64)
      .and.at.most(MEMORY_BYTES / 2 ** 20);
  });
});
