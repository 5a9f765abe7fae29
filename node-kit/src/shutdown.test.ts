import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";
import { createLog } from "./log.ts";
import { createShutdown } from "./shutdown.ts";

const log = createLog({ name: "test", level: "silent" });

/** Runs a program that registers closers, sends it a signal once it is up, and returns what it printed and its end. */
async function ended(body: string, ...signals: NodeJS.Signals[]) {
  const program = `
    import { createLog } from "./log.ts";
    import { createShutdown } from "./shutdown.ts";
    const shutdown = createShutdown({ log: createLog({ name: "x", level: "silent" }), timeoutMs: 300 });
    ${body}
    console.log("up");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { cwd: import.meta.dirname });
  const exit = once(child, "exit");
  let out = "";
  child.stdout.on("data", (data) => {
    out += data;
  });
  await once(child.stdout, "data");
  for (const signal of signals) {
    child.kill(signal);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const [code] = await exit;
  return { out: out.trim().split("\n"), code };
}

describe("shutdown", function () {
  this.timeout(20_000);

  it("closes in reverse order on SIGTERM, survives a closer that fails and one that hangs, and says so by its exit code", async () => {
    const body = `
      shutdown.onClose("store", () => console.log("store"));
      shutdown.onClose("hangs", () => new Promise(() => {}));
      shutdown.onClose("fails", () => { throw new Error("no"); });
      shutdown.onClose("server", async () => console.log("server", shutdown.signal.aborted));`;
    expect(await ended(body, "SIGTERM")).to.deep.equal({ out: ["up", "server true", "store"], code: 143 });
  });

  it("exits at once on a second signal", async () => {
    const body = `shutdown.onClose("slow", () => new Promise((done) => setTimeout(() => { console.log("late"); done(); }, 250)));`;
    expect(await ended(body, "SIGINT", "SIGINT")).to.deep.equal({ out: ["up"], code: 130 });
  });

  it("closes after a failure that nobody caught", async () => {
    const body = `
      shutdown.onClose("store", () => console.log("store"));
      setTimeout(() => Promise.reject(new Error("oops")), 20);`;
    expect(await ended(body)).to.deep.equal({ out: ["up", "store"], code: 1 });
  });

  it("closes once, and leaves no listeners behind", async () => {
    const before = process.listenerCount("SIGINT");
    const shutdown = createShutdown({ log });
    let closed = 0;
    shutdown.onClose("counter", () => {
      closed += 1;
    });
    expect(process.listenerCount("SIGINT")).to.equal(before + 1);
    await Promise.all([shutdown.close("test"), shutdown.close("again")]);
    expect(closed).to.equal(1);
    expect(process.listenerCount("SIGINT")).to.equal(before);
  });
});
