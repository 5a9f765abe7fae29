import { floatTensor, toFloats } from "@surety/protocol";
import { expect } from "chai";
import { openGate, subByteOutput } from "./hostility/models.ts";
import { createRuntime, type Runtime } from "./runtime.ts";
import { buildModel } from "./testing/build-onnx.ts";
import { refusal } from "./testing/refusal.ts";
import { pauseAfter } from "./worker.ts";

const x = [floatTensor("x", [1, 3], [0, 0, 0])];
const UINT4 = 21;

describe("worker", function () {
  this.timeout(60_000);
  let runtime: Runtime;
  let said: { message: string; ms?: number }[];
  beforeEach(async () => {
    said = [];
    const note = (facts: object, message: string) => void said.push({ ...facts, message });
    runtime = createRuntime({
      kind: "native",
      timeoutMs: 30_000,
      log: { info: note, warn: note },
      sharedProcess: true,
      // Behind the gate, which would refuse the model that aborts the process.
      inspect: openGate,
    });
    await runtime.load("aborts", subByteOutput(UINT4));
    await runtime.load("honest", buildModel());
  });
  afterEach(() => runtime.close());
  const pauses = () => said.filter(({ message }) => message.includes("waiting")).map(({ ms }) => ms);
  const abort = async () => {
    expect(await refusal(runtime.run("aborts", x))).to.include({ code: "INFERENCE_CHILD_DIED", retryable: true });
  };
  const answer = async () => [...toFloats((await runtime.run("honest", x))[0]!)];

  it("waits longer and longer, up to eight seconds, for a process that keeps dying", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1000].map(pauseAfter)).to.deep.equal([
      0, 0, 0, 250, 500, 1000, 2000, 4000, 8000, 8000, 8000,
    ]);
  });

  it("loses only the runs that abort the process, waits from the third death on, and forgives after a result", async () => {
    await abort();
    expect(await answer()).to.deep.equal([0.5, -0.5]);
    for (let i = 0; i < 3; i++) await abort();
    expect(pauses()).to.deep.equal([]);
    await abort();
    expect(pauses()).to.deep.equal([250]);
    expect(await answer()).to.deep.equal([0.5, -0.5]);
    expect(pauses()).to.deep.equal([250, 500]);
    await abort();
    expect(await answer()).to.deep.equal([0.5, -0.5]);
    expect(pauses()).to.deep.equal([250, 500]);
  });

  it("ends a wait when it is closed", async () => {
    for (let i = 0; i < 3; i++) await abort();
    const waiting = refusal(runtime.run("honest", x));
    while (pauses().length === 0) await new Promise((resolve) => setImmediate(resolve));
    await runtime.close();
    expect((await waiting).code).to.equal("INFERENCE_CLOSED");
    expect(runtime.pids()).to.deep.equal([]);
  });
});
