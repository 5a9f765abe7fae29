import { readFileSync } from "node:fs";
import { SuretyError } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import { loadInputs, MODEL_NAMES } from "../../../models/inputs.ts";
import { inspectModel } from "../gate.ts";
import { createRuntime, type Runtime } from "../runtime.ts";
import { memoryOf } from "./memory.ts";

const MIB = 2 ** 20;
/** What loading or running a damaged model may end with; anything else, or a dead parent, is a fault of ours. */
const ENDS = /^INFERENCE_(MODEL_[A-Z_]+|LOAD_FAILED|RUN_FAILED|CHILD_DIED|TIMEOUT|BAD_INPUT)$/;

const shipped = MODEL_NAMES.map((name) => ({
  file: new Uint8Array(readFileSync(new URL(`../../../models/${name}/model.onnx`, import.meta.url))),
  inputs: loadInputs(name).at(0),
}));

/** A shipped model that is cut, or of which some bits are flipped: half of them at its ends, where most structure is. */
const damaged = fc.constantFrom(...shipped).chain(({ file, inputs }) => {
  const place = fc.oneof(
    fc.nat(Math.min(2048, file.length) - 1),
    fc.nat(Math.min(4096, file.length) - 1).map((back) => file.length - 1 - back),
    fc.nat(file.length - 1),
  );
  const flipped = fc.array(fc.tuple(place, fc.nat(7)), { minLength: 1, maxLength: 3 }).map((flips) => {
    const bytes = file.slice();
    for (const [at, bit] of flips) bytes[at]! ^= 1 << bit;
    return bytes;
  });
  return fc.record({
    bytes: fc.oneof(
      place.map((at) => file.slice(0, at)),
      flipped,
    ),
    inputs: fc.constant(inputs),
  });
});

describe("damaged models", function () {
  this.timeout(120_000);
  let count = 0;

  /** Loads, runs and unloads damaged models in one process. @returns how often each end was seen */
  const survive = async (runtime: Runtime, numRuns: number): Promise<Map<string, number>> => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(damaged, async ({ bytes, inputs }) => {
        const id = `damaged ${count++}`;
        let end = "a result";
        try {
          await runtime.load(id, bytes);
          await runtime.run(id, inputs);
        } catch (error) {
          if (!(error instanceof SuretyError)) throw error;
          expect(error.code).to.match(ENDS);
          end = error.code.startsWith("INFERENCE_MODEL_") ? "the gate" : error.code;
        }
        await runtime.unload(id);
        seen.set(end, (seen.get(end) ?? 0) + 1);
      }),
      { numRuns },
    );
    return seen;
  };

  for (const kind of ["native", "wasm"] as const) {
    for (const gated of [true, false]) {
      it(`end in a refusal, a failure or a run, ${kind}, ${gated ? "behind" : "without"} the gate`, async () => {
        const spec = (bytes: Uint8Array) => {
          const whole = shipped.find(({ file }) => file[file.length >> 1] === bytes[file.length >> 1]) ?? shipped[0]!;
          return inspectModel(whole.file);
        };
        const runtime = createRuntime({
          kind,
          timeoutMs: 3000,
          sharedProcess: true,
          ...(!gated && { inspect: spec }),
        });
        try {
          await runtime.load("whole", shipped[0]!.file);
          const before = await memoryOf(runtime);
          const seen = await survive(runtime, kind === "native" ? 150 : 60);
          expect(seen.size).to.be.above(1);
          expect(await runtime.run("whole", shipped[0]!.inputs)).to.have.length(1);
          const after = await memoryOf(runtime);
          // What a process has collected lies about in its heap for a while; what counts is that this has an end.
          expect(after.children / MIB).to.be.below(512);
          expect((after.parent - before.parent) / MIB).to.be.below(96);
        } finally {
          await runtime.close();
        }
      });
    }
  }
});
