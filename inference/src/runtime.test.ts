import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { floatTensor, type Tensor, tensorHash, toFloats } from "@surety/protocol";
import { expect } from "chai";
import { openCage } from "./cage.ts";
import { createRuntime, DEFAULT_MEMORY_BYTES, type Runtime, type RuntimeOptions } from "./runtime.ts";
import { buildModel, honestGraph, longs, node, value } from "./testing/build-onnx.ts";
import { refusal } from "./testing/refusal.ts";
import { slowModel } from "./testing/slow-model.ts";

const KINDS = ["native", "wasm"] as const;
const row = (...values: number[]) => [floatTensor("x", [values.length / 3, 3], values)];
const model = buildModel();

const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    expect(error).to.have.property("code", "ESRCH");
    return false;
  }
};

/** Waits up to five seconds for a process to end. */
async function gone(pid: number): Promise<boolean> {
  for (let i = 0; alive(pid) && i < 100; i++) await sleep(50);
  return !alive(pid);
}

/** One output of `elements` float32 that depends on the input. */
const wideModel = (elements: bigint) =>
  buildModel({
    name: "wide",
    node: [
      node("ReduceMean", ["x"], ["mean"], { attribute: [{ name: "keepdims", type: 2, i: 0 }] }),
      // Computed: a constant size of this kind would be refused by the gate.
      node("Abs", ["elements"], ["size"]),
      node("Expand", ["mean", "size"], ["y"]),
    ],
    initializer: [longs("elements", [1], [elements])],
    input: [value("x", ["batch", 3])],
    output: [value("y", ["n"])],
  });

describe("runtime", function () {
  this.timeout(120_000);
  const open: Runtime[] = [];
  const create = (options: Partial<RuntimeOptions> = {}) => {
    const runtime = createRuntime({ kind: "native", timeoutMs: 60_000, ...options });
    open.push(runtime);
    return runtime;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((runtime) => runtime.close()));
  });

  for (const kind of KINDS) {
    describe(kind, () => {
      it("computes, repeats itself to the bit, and gives many what it gives one", async () => {
        const runtime = create({ kind });
        expect((await runtime.load("m", model)).outputs).to.deep.equal([
          { name: "y", datatype: "FP32", shape: [-1, 2] },
        ]);
        const [y] = await runtime.run("m", row(1, 2, 3));
        expect(y).to.include({ name: "y", datatype: "FP32" });
        expect(y!.shape).to.deep.equal([1, 2]);
        const exact = [0.1 + 2 * 1.3 - 3 * 2.2 + 0.5, -0.7 + 2 * 0.25 + 3 * 0.6 - 0.5];
        for (const [i, got] of toFloats(y!).entries()) expect(got).to.be.closeTo(exact[i]!, 1e-5);

        const sets = Array.from({ length: 10 }, (_, i) => row(i / 7, -i, i * i));
        const many = (await runtime.runMany("m", sets)).map(tensorHash);
        const single: string[] = [];
        for (const inputs of sets) single.push(tensorHash(await runtime.run("m", inputs)));
        expect(many).to.deep.equal(single);
        expect(new Set(many).size).to.equal(10);
      });

      it("answers calls in order and holds several models in one process if told to", async () => {
        const runtime = create({ kind, sharedProcess: true });
        const other = buildModel({ ...honestGraph(), node: [node("Gemm", ["x", "w"], ["y"])] });
        await Promise.all([runtime.load("a", model), runtime.load("b", other), runtime.load("a", model)]);
        const pids = runtime.pids();
        expect(pids).to.have.length(1);
        const results = Promise.all([runtime.run("a", row(0, 0, 0)), runtime.run("b", row(0, 0, 0))]);
        expect(runtime.pending()).to.equal(2);
        const [a, b] = await results;
        expect([...toFloats(a![0]!), ...toFloats(b![0]!)]).to.deep.equal([0.5, -0.5, 0, 0]);
        expect(runtime.pids()).to.deep.equal(pids);
        expect(await refusal(runtime.load("a", other))).to.include({
          code: "INFERENCE_MODEL_ID_TAKEN",
          retryable: false,
        });
      });

      it("kills a run that takes too long and serves the next call from a new process", async () => {
        const runtime = create({ kind, timeoutMs: 3000, sharedProcess: true });
        await runtime.load("m", model);
        await runtime.load("slow", slowModel());
        const [pid] = runtime.pids();
        const slow = refusal(runtime.run("slow", row(1, 2, 3)));
        const waiting = runtime.run("m", row(0, 0, 0));
        expect(await slow).to.include({ code: "INFERENCE_TIMEOUT", retryable: true });
        expect([...toFloats((await waiting)[0]!)]).to.deep.equal([0.5, -0.5]);
        expect(await gone(pid!)).to.equal(true);
        expect(runtime.pids()).to.have.length(1).and.not.include(pid);
      });

      it("fails the call in flight when its process dies, and starts another", async () => {
        const runtime = create({ kind });
        await runtime.load("slow", slowModel());
        const [pid] = runtime.pids();
        await runtime.load("m", model);
        const slow = refusal(runtime.run("slow", row(1, 2, 3)));
        await sleep(200);
        process.kill(pid!, "SIGKILL");
        expect(await slow).to.include({ code: "INFERENCE_CHILD_DIED", retryable: true });
        const [other, ...more] = runtime.pids();
        expect(more).to.deep.equal([]);
        expect([...toFloats((await runtime.run("m", row(0, 0, 0)))[0]!)]).to.deep.equal([0.5, -0.5]);
        expect(runtime.pids()).to.deep.equal([other]);

        process.kill(other!, "SIGKILL");
        await sleep(200);
        expect(runtime.pids()).to.deep.equal([]);
        expect([...toFloats((await runtime.run("m", row(0, 0, 0)))[0]!)]).to.deep.equal([0.5, -0.5]);
      });

      for (const state of ["idle", "busy"]) {
        it(`does not outlive its parent when ${state}`, async () => {
          const directory = mkdtempSync(join(tmpdir(), "surety-test-"));
          const entry = fileURLToPath(new URL("./testing/orphan.ts", import.meta.url));
          const parent = fork(entry, [kind, state], { env: { ...process.env, TMPDIR: directory } });
          const [pid] = (await once(parent, "message")) as [number];
          expect(alive(pid)).to.equal(true);
          parent.kill("SIGKILL");
          // Only Linux can end a process that is busy in native code.
          const mortal = state === "idle" || openCage(DEFAULT_MEMORY_BYTES).words.includes("--pdeathsig");
          const survived = !(mortal && (await gone(pid)));
          if (survived) process.kill(pid, "SIGKILL");
          rmSync(directory, { recursive: true, force: true });
          expect(survived).to.equal(!mortal);
        });
      }

      it("bounds what outputs may weigh", async () => {
        const runtime = create({ kind, outputBytes: 1000 });
        await runtime.load("m", wideModel(250n));
        expect((await runtime.run("m", row(1, 1, 1)))[0]!.data.length).to.equal(1000);
        await runtime.load("n", wideModel(251n));
        const refused = await refusal(runtime.run("n", row(1, 1, 1)));
        expect(refused).to.include({ code: "INFERENCE_RUN_FAILED", retryable: false });
        expect(refused.message).to.contain("1000 bytes");
        expect(await refusal(runtime.runMany("m", [row(1, 1, 1), row(1, 1, 1)]))).to.include({
          code: "INFERENCE_RUN_FAILED",
        });
      });

      it("survives a model that asks for 256 GiB", async () => {
        const runtime = create({ kind });
        await runtime.load("m", wideModel(2n ** 36n));
        expect(["INFERENCE_RUN_FAILED", "INFERENCE_CHILD_DIED"]).to.include(
          (await refusal(runtime.run("m", row(1, 1, 1)))).code,
        );
        await runtime.load("n", model);
        expect((await runtime.run("n", row(1, 1, 1))).length).to.equal(1);
      });

      it("fails calls in flight and later ones when closed, and leaves no process", async () => {
        const runtime = create({ kind });
        await runtime.load("slow", slowModel());
        const [pid] = runtime.pids();
        const slow = refusal(runtime.run("slow", row(1, 2, 3)));
        await sleep(100);
        await runtime.close();
        expect((await slow).code).to.equal("INFERENCE_CLOSED");
        expect((await refusal(runtime.run("slow", row(1, 2, 3)))).code).to.equal("INFERENCE_CLOSED");
        expect(alive(pid!)).to.equal(false);
      });

      it("forgets a model, frees its process, and takes another by the same id", async () => {
        const runtime = create({ kind });
        await runtime.load("m", model);
        const [pid] = runtime.pids();
        await runtime.unload("m");
        expect(await gone(pid!)).to.equal(true);
        expect(runtime.pids()).to.deep.equal([]);
        expect((await refusal(runtime.run("m", row(0, 0, 0)))).code).to.equal("INFERENCE_UNKNOWN_MODEL");
        await runtime.load("m", buildModel({ ...honestGraph(), node: [node("Gemm", ["x", "w"], ["y"])] }));
        expect([...toFloats((await runtime.run("m", row(0, 0, 0)))[0]!)]).to.deep.equal([0, 0]);
        await runtime.unload("never loaded");
      });

      it("frees a model in a process that others stay in", async () => {
        const runtime = create({ kind, sharedProcess: true });
        await runtime.load("m", model);
        await runtime.load("n", model);
        const pids = runtime.pids();
        await runtime.unload("m");
        expect((await runtime.run("n", row(0, 0, 0))).length).to.equal(1);
        expect(runtime.pids()).to.deep.equal(pids);
        expect((await refusal(runtime.run("m", row(0, 0, 0)))).code).to.equal("INFERENCE_UNKNOWN_MODEL");
      });
    });
  }

  it("refuses a hostile model before any process starts", async () => {
    const runtime = create();
    const hostile = buildModel({ ...honestGraph(), node: [node("RandomNormal", [], ["y"])] });
    expect(await refusal(runtime.load("m", hostile))).to.include({ code: "INFERENCE_MODEL_RANDOM_OPERATOR" });
    expect(runtime.pids()).to.deep.equal([]);
  });

  it("says what the runtime refused in a model that the gate let pass", async () => {
    const runtime = create();
    const broken = buildModel({ ...honestGraph(), node: [node("Gemm", ["x", "nowhere"], ["y"])] });
    const refused = await refusal(runtime.load("m", broken));
    expect(refused).to.include({ code: "INFERENCE_LOAD_FAILED", retryable: false });
    expect(refused.message).to.contain("nowhere");
    expect((await refusal(runtime.run("m", row(1, 1, 1)))).code).to.equal("INFERENCE_UNKNOWN_MODEL");
  });

  it("refuses inputs that do not fit before they reach the process", async () => {
    const runtime = create();
    await runtime.load("m", model);
    const x = floatTensor("x", [1, 3], [1, 2, 3]);
    const bad: Tensor[][] = [
      [],
      [x, { ...x, name: "z" }],
      [{ ...x, name: "z" }],
      [{ ...x, datatype: "INT32" }],
      [{ ...x, shape: [3] }],
      [{ ...x, shape: [1, 4] }],
      [{ ...x, shape: [0, 3], data: new Uint8Array() }],
    ];
    for (const inputs of bad) expect((await refusal(runtime.run("m", inputs))).code).to.equal("INFERENCE_BAD_INPUT");
    const short = { ...x, data: x.data.subarray(1) };
    expect((await refusal(runtime.run("m", [short]))).code).to.equal("PROTOCOL_BAD_TENSOR");
    expect(await runtime.runMany("m", [])).to.deep.equal([]);
  });

  it("gives its process an empty environment and an empty directory", async () => {
    if (process.platform !== "linux") return;
    const runtime = create();
    await runtime.load("m", model);
    const proc = `/proc/${runtime.pids()[0]}`;
    expect(readFileSync(`${proc}/environ`, "utf8")).to.equal("");
    const directory = readlinkSync(`${proc}/cwd`);
    expect(readdirSync(directory)).to.deep.equal([]);
    await runtime.close();
    expect(() => readdirSync(directory)).to.throw("ENOENT");
  });
});
