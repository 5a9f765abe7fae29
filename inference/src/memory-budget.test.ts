import { floatTensor } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import { type BudgetedWorker, createMemoryBudget } from "./memory-budget.ts";
import { createRuntime, type Runtime, type RuntimeOptions } from "./runtime.ts";
import { buildModel } from "./testing/build-onnx.ts";
import { refusal } from "./testing/refusal.ts";

const MIB = 2 ** 20;
const x = [floatTensor("x", [1, 3], [0, 0, 0])];
const model = buildModel();

/** A worker on paper. */
type Paper = { rss: number; used: number; calls: number; isAlive: boolean };
const onPaper = (paper: Paper): BudgetedWorker => ({
  lastMemory: () => paper.rss,
  lastUsed: () => paper.used,
  pending: () => paper.calls,
  pid: () => (paper.isAlive ? 1 : undefined),
  rest: () => {
    paper.isAlive = false;
  },
});

describe("memory budget", function () {
  this.timeout(60_000);
  const open: Runtime[] = [];
  const create = (options: Partial<RuntimeOptions>) => {
    const runtime = createRuntime({ kind: "native", timeoutMs: 30_000, ...options });
    open.push(runtime);
    return runtime;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((runtime) => runtime.close()));
  });

  it("ends idle processes, least recently used first, and no more than needed", () => {
    const paper = fc.record({
      rss: fc.nat(100),
      used: fc.nat(1000),
      calls: fc.nat(1),
      isAlive: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(paper, { maxLength: 8 }), paper, fc.integer({ min: 1, max: 300 }), (others, mine, bytes) => {
        const before = others.map((other) => ({ ...other }));
        const budget = createMemoryBudget(bytes);
        const own = onPaper(mine);
        for (const worker of [...others.map(onPaper), own]) budget.join(worker);
        const isMineAlive = mine.isAlive;
        budget.makeRoom(own);

        expect(mine.isAlive).to.equal(isMineAlive);
        const ended = before.filter(({ isAlive }, i) => isAlive && !others[i]!.isAlive);
        const left = others.filter(({ isAlive }) => isAlive);
        const sum = (papers: Paper[]) => papers.reduce((total, { rss }) => total + rss, mine.rss);
        expect(ended.every(({ calls }) => calls === 0)).to.equal(true);
        const idle = left.filter(({ calls }) => calls === 0);
        if (idle.length > 0) {
          expect(sum(left)).to.be.at.most(bytes);
          const oldest = Math.min(...idle.map(({ used }) => used));
          expect(ended.every(({ used }) => used <= oldest)).to.equal(true);
        }
        const last = ended.sort((a, b) => a.used - b.used).at(-1);
        if (last !== undefined)
          expect(sum(left) + ended.filter((e) => e.used === last.used).reduce((t, e) => t + e.rss, 0)).to.be.above(
            bytes,
          );
      }),
    );
  });

  it("counts a worker no longer once it has left", () => {
    const budget = createMemoryBudget(100);
    const [a, b] = [1, 2].map((used) => ({ rss: 90, used, calls: 0, isAlive: true }));
    const [first, second] = [onPaper(a!), onPaper(b!)];
    budget.join(first);
    budget.join(second);
    budget.leave(first);
    budget.makeRoom(second);
    expect(a!.isAlive).to.equal(true);
  });

  it("refuses a budget that is no number of bytes, and memory in which no process starts", () => {
    for (const bytes of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => createMemoryBudget(bytes))
        .to.throw("memory budget")
        .and.include({ code: "INFERENCE_BAD_BUDGET" });
    expect(() => create({ memoryBytes: 2 ** 29 })).to.throw("needs a whole number from");
  });

  it("keeps runtimes that share it within it: a model that had to go comes back when it is called", async () => {
    const alone = create({});
    await alone.load("a", model);
    const one = await alone.memory();
    expect(one).to.be.above(20 * MIB);

    // Room for two native processes; a WASM one is larger.
    const budget = createMemoryBudget(Math.round(one * 2.6));
    const native = create({ budget });
    const wasm = create({ kind: "wasm", budget });
    for (const id of ["a", "b"]) await native.load(id, model);
    const [first, second] = native.pids();
    expect(second).to.be.a("number");
    await native.load("c", model);
    expect(native.pids()).to.include(second).and.not.include(first);
    await native.run("b", x);
    await wasm.load("a", model);
    expect((await native.memory()) + (await wasm.memory())).to.be.at.most(budget.bytes);
    expect(native.pids().length + wasm.pids().length).to.be.below(4);

    for (const id of ["a", "b", "c"]) expect(await native.run(id, x)).to.deep.equal(await alone.run("a", x));
    expect((await native.memory()) + (await wasm.memory())).to.be.at.most(budget.bytes);
  });

  for (const sharedProcess of [false, true]) {
    it(`refuses a model larger than the budget by name, ${sharedProcess ? "all in one" : "each in its own"} process`, async () => {
      const runtime = create({ sharedProcess, budget: createMemoryBudget(8 * MIB) });
      const refused = await refusal(runtime.load("big", model));
      expect(refused).to.include({ code: "INFERENCE_OVER_BUDGET", retryable: false });
      expect(refused.message)
        .to.contain("Model big")
        .and.contain(String(8 * MIB));
      expect(runtime.pids()).to.deep.equal([]);
      expect((await refusal(runtime.run("big", x))).code).to.equal("INFERENCE_UNKNOWN_MODEL");
    });
  }
});
