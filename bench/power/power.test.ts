import { createRequire } from "node:module";
import { expect } from "chai";
import { generateModel } from "../models/generated.ts";

import { openRuntime } from "./configurations.ts";
import { startForeign } from "./foreign.ts";
import { runPower } from "./main.ts";
import { readOptions } from "./options.ts";
import { renderReport } from "./tables.ts";

const inference = createRequire(new URL("../../inference/package.json", import.meta.url));
const code = (run: () => unknown) => {
  try {
    return run();
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe("options of the power bench", () => {
  it("are all models in full by default, and less with --quick", () => {
    expect(readOptions([])).to.deep.include({ seed: 1, quick: false, epochs: 10_000, json: undefined });
    expect(readOptions(["--quick", "--models", "mlp, digits-cnn,mlp", "--json", "x.json"])).to.deep.include({
      models: ["mlp", "digits-cnn"],
      quick: true,
      epochs: 500,
      json: "x.json",
    });
    expect(readOptions(["--help"])).to.equal("help");
  });

  for (const flags of [
    ["--models", "rnn"],
    ["--models", ""],
    ["--seed", "-1"],
    ["--seed", "4294967296"],
    ["--x"],
    ["y"],
  ]) {
    it(`refuse ${flags.join(" ")}`, () => {
      expect(code(() => readOptions(flags))).to.equal("BENCH_BAD_FLAG");
    });
  }
});

describe("foreign runtimes", () => {
  it("give the bits of the caged runtime, being the same release on the same processor", async () => {
    const { model, input } = generateModel("cnn", 5);
    const inputs = [input(5, 0), input(5, 1)];
    const engines = [
      openRuntime({ kind: "native" }),
      await startForeign({ name: "the same", ort: inference.resolve("onnxruntime-node") }),
    ];
    try {
      for (const engine of engines) await engine.load(model);
      const [caged, foreign] = await Promise.all(engines.map((engine) => engine.run(inputs)));
      expect(foreign).to.have.length(2);
      for (const [i, [output]] of foreign!.entries()) {
        expect(Buffer.compare(output!.data, caged![i]![0]!.data)).to.equal(0);
        expect(output!.shape).to.deep.equal([1, 10]);
      }
    } finally {
      for (const engine of engines) await engine.close();
    }
  });

  it("say why they cannot start, or cannot run", async () => {
    const refused = (run: Promise<unknown>) => run.then(String, (error) => `${error.code}: ${error.message}`);
    expect(await refused(startForeign({ name: "nothing", ort: "/nowhere/index.js" }))).to.match(
      /^BENCH_RUNTIME_FAILED: nothing ended with code 1\. It said: .*nowhere/s,
    );
    const missing = startForeign({ name: "no emulator", ort: "x", words: ["/nowhere/qemu"] });
    expect(await refused(missing)).to.match(/^BENCH_RUNTIME_FAILED: no emulator did not start/);
    const engine = await startForeign({ name: "empty", ort: inference.resolve("onnxruntime-node") });
    expect(await refused(engine.run([]))).to.match(/^BENCH_RUNTIME_FAILED: empty refused: no model is loaded/);
    expect(await refused(engine.run([]))).to.match(/^BENCH_RUNTIME_FAILED: empty is gone/);
  });
});

describe("a small run of the power bench", function () {
  this.timeout(300_000);
  it("measures a generated model from calibration to verdict", async () => {
    const report = await runPower({
      models: ["mlp"],
      quick: true,
      offline: true,
      seed: 7,
      json: undefined,
      fresh: 24,
      slow: 0,
      epochs: 50,
    });
    expect(report.targets.filter(({ met }) => !met)).to.deep.equal([]);
    const [model] = report.models;
    expect(model!.honest.length + report.leftOut.length).to.equal(3);
    for (const { checks, verdicts, configuration } of model!.honest) {
      expect(verdicts, configuration).to.deep.equal({ match: checks, grey: 0, mismatch: 0 });
    }
    expect(model!.cheats.map(({ cheat }) => cheat)).to.include.members([
      "fp16-weights",
      "int8-weights",
      "stale-answer",
    ]);
    const median = (name: string) =>
      model!.cheats.find(({ cheat }) => cheat === name)!.median ?? Number.POSITIVE_INFINITY;
    expect(median("int4-weights")).to.be.above(median("int8-weights"));
    expect(median("int8-weights")).to.be.above(median("fp16-weights"));
    const text = renderReport(report, 50);
    for (const part of ["1.30.0 opt=basic", "int4-weights", "Targets", ...report.leftOut.map(({ reason }) => reason)]) {
      expect(text).to.include(part);
    }
  });
});
