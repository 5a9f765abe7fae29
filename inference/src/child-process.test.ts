import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { floatTensor } from "@surety/protocol";
import { expect } from "chai";
import { nodeFlags, openCage } from "./cage.ts";
import { type Child, startChild } from "./child-process.ts";
import { memoryOf } from "./hostility/memory.ts";
import { refusal } from "./testing/refusal.ts";

describe("a child that answers what it likes", function () {
  this.timeout(60_000);
  let directory: string;
  let child: Child;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "surety-child-"));
    child = await startChild({
      entry: fileURLToPath(new URL("./testing/hostile-child.ts", import.meta.url)),
      name: "hostile",
      words: openCage(2 ** 30).words,
      flags: nodeFlags("native"),
      directory,
      startMs: 30_000,
    });
  });
  afterEach(async () => {
    await child.kill();
    rmSync(directory, { recursive: true });
  });
  const ask = (id: string, timeoutMs = 20_000) =>
    child.request({ op: "run", id, sets: [[floatTensor("x", [1], [1])]], outputBytes: 2 ** 20 }, timeoutMs);

  it("is heard while it is honest, any number of times", async () => {
    const reply = { op: "run", rss: 1, sets: [[{ name: "y", datatype: "FP32", shape: [2], data: new Uint8Array(8) }]] };
    for (let i = 0; i < 3; i++) expect(await ask("honest")).to.deep.equal(reply);
    expect(child.alive()).to.equal(true);
  });

  for (const [deed, problem] of [
    ["too few sets", "outputs of 0 sets, where 1 were asked for"],
    ["too many sets", "outputs of more than 1 sets"],
    ["too large", "more bytes of outputs than are allowed"],
    ["endless bytes", "a head of 538976288 bytes, where 4194304 are allowed"],
    ["endless head", "a head that is no JSON"],
    ["two replies", "more than a reply"],
  ]) {
    it(`${deed}: it is killed, and nothing that it sent is kept`, async () => {
      const before = (await memoryOf()).parent;
      expect(await ask(deed!)).to.deep.equal({ op: "broken", problem });
      expect(child.alive()).to.equal(false);
      expect((await refusal(ask("honest"))).code).to.equal("INFERENCE_CHILD_DIED");
      expect(((await memoryOf()).parent - before) / 2 ** 20).to.be.below(64);
    });
  }

  it("half a reply, then the end: the child has died", async () => {
    expect(await refusal(ask("half a reply, then the end"))).to.include({
      code: "INFERENCE_CHILD_DIED",
      retryable: true,
    });
  });

  it("half a reply, then silence: it is killed when the time is up", async () => {
    const late = await refusal(ask("half a reply, then silence", 500));
    expect(late).to.include({ code: "INFERENCE_TIMEOUT", retryable: true });
    expect(child.alive()).to.equal(false);
  });

  it("a reply that nobody asked for: it is killed, and not taken for the next one's", async () => {
    expect(await ask("a reply that nobody asked for")).to.have.property("op", "run");
    for (let i = 0; child.alive() && i < 100; i++) await sleep(50);
    expect(child.alive()).to.equal(false);
    expect((await refusal(ask("honest"))).code).to.equal("INFERENCE_CHILD_DIED");
  });
});
