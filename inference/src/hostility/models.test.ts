import { floatTensor, SuretyError, toFloats } from "@surety/protocol";
import { expect } from "chai";
import { createRuntime, type Runtime, type RuntimeOptions } from "../runtime.ts";
import { buildModel } from "../testing/build-onnx.ts";
import { slowModel } from "../testing/slow-model.ts";
import { memoryOf } from "./memory.ts";
import * as hostile from "./models.ts";

const KINDS = ["native", "wasm"] as const;
const x = [floatTensor("x", [1, 3], [1, 2, 3])];
const MIB = 2 ** 20;
const LOAD = "INFERENCE_LOAD_FAILED";
const RUN = "INFERENCE_RUN_FAILED";
const DIED = "INFERENCE_CHILD_DIED";
const TIMEOUT = "INFERENCE_TIMEOUT";
const RESULT = "a result";

/**
 * How an attack may end. `gate`: refused before any process sees it, by a code of the gate; "any" leaves it to the gate,
 * whose policy may grow. `behind`: what stands behind the gate answers if the gate were not there.
 */
type Attack = { name: string; model: Uint8Array; gate: boolean | "any"; behind: string[] };

const attacks: Attack[] = [
  { name: "outputs of uint4", model: hostile.subByteOutput(21), gate: true, behind: [DIED, RUN] },
  { name: "outputs of int4", model: hostile.subByteOutput(22), gate: true, behind: [DIED, RUN] },
  { name: "a constant of 2^36 floats", model: hostile.constantSize(2n ** 36n), gate: "any", behind: [RUN] },
  { name: "a constant of 2^62 floats", model: hostile.constantSize(2n ** 62n), gate: "any", behind: [RUN] },
  { name: "a constant of -5 floats", model: hostile.constantSize(-5n), gate: "any", behind: [LOAD, RUN] },
  { name: "a size of 4 GB, computed", model: hostile.computedSize(1.7e8), gate: false, behind: [RUN, DIED] },
  { name: "a size of 6 x 10^18 floats, computed", model: hostile.computedSize(1e18), gate: false, behind: [RUN, DIED] },
  { name: "an output of 240 MB, computed", model: hostile.computedSize(1e7), gate: false, behind: [RUN] },
  { name: "a loop of 2^40 rounds", model: hostile.loop(2n ** 40n), gate: true, behind: [TIMEOUT] },
  { name: "a loop of 10 rounds", model: hostile.loop(10n), gate: "any", behind: [RESULT] },
  { name: "minutes of honest work", model: slowModel(), gate: false, behind: [TIMEOUT] },
  { name: "data in a file nearby", model: hostile.externalData("secret.bin"), gate: true, behind: [LOAD] },
  { name: "data in /etc/passwd", model: hostile.externalData("/etc/passwd"), gate: true, behind: [LOAD] },
  { name: "data in ../../etc/passwd", model: hostile.externalData("../../etc/passwd"), gate: true, behind: [LOAD] },
  { name: "data in /proc/self/environ", model: hostile.externalData("/proc/self/environ"), gate: true, behind: [LOAD] },
  { name: "20 graphs in one another", model: hostile.nested(20), gate: "any", behind: [RESULT] },
  { name: "300 graphs in one another", model: hostile.nested(300), gate: true, behind: [LOAD] },
  { name: "3,000 graphs in one another", model: hostile.nested(3000), gate: true, behind: [LOAD] },
  { name: "an output of another shape than declared", model: hostile.liesAboutOutput([7, 9]), gate: false, behind: [] },
  { name: "an output of another rank", model: hostile.liesAboutOutput(["a", "b", "c"]), gate: false, behind: [] },
  { name: "an output of 2^40", model: hostile.liesAboutOutput([2 ** 40, 3]), gate: true, behind: [RESULT, LOAD] },
  { name: "an output of -3", model: hostile.liesAboutOutput([-3, 3]), gate: true, behind: [RESULT, LOAD] },
  {
    name: "a constant that says 2^40 rows",
    model: hostile.liesAboutConstant([2 ** 40], [1]),
    gate: true,
    behind: [LOAD],
  },
  {
    name: "a constant that is cut short",
    model: hostile.liesAboutConstant([1000, 3], [1]),
    gate: true,
    behind: [LOAD],
  },
  { name: "a constant of -1 rows", model: hostile.liesAboutConstant([-1, 3], [1, 2, 3]), gate: true, behind: [LOAD] },
  { name: "an attribute of 2^40 floats", model: hostile.constantNode([2 ** 40]), gate: true, behind: [LOAD] },
  {
    name: "a string that doubles to gigabytes",
    model: hostile.growingString(28),
    gate: "any",
    behind: [RUN, DIED, TIMEOUT],
  },
  {
    name: "2^30 strings, one there",
    model: hostile.stringConstant(2 ** 30, [Buffer.of(65)]),
    gate: true,
    behind: [LOAD],
  },
  { name: "no operator set", model: hostile.opset(0), gate: true, behind: [LOAD] },
  { name: "operator set 6", model: hostile.opset(6), gate: true, behind: [LOAD] },
  { name: "operator set 99", model: hostile.opset(99), gate: true, behind: [LOAD] },
  { name: "operator set 2^31", model: hostile.opset(2 ** 31), gate: true, behind: [LOAD] },
  { name: "operator set -1", model: hostile.opset(-1), gate: true, behind: [LOAD] },
  { name: "no bytes", model: new Uint8Array(), gate: true, behind: [LOAD, RUN] },
  { name: "64 KiB of 0xff", model: new Uint8Array(65536).fill(255), gate: true, behind: [LOAD] },
];
/** The native runtime hands out what comes, the WASM one refuses the model. */
const LIES = [RUN, LOAD];

/** Loads and runs a model: the code that it ends with. */
async function outcome(runtime: Runtime, id: string, model: Uint8Array): Promise<string> {
  try {
    await runtime.load(id, model);
    await runtime.run(id, x);
    return RESULT;
  } catch (error) {
    if (error instanceof SuretyError) return error.code;
    throw error;
  }
}

for (const kind of KINDS) {
  describe(`hostile models, ${kind}`, function () {
    this.timeout(30_000);
    const open = (options: Partial<RuntimeOptions> = {}) => createRuntime({ kind, timeoutMs: 1500, ...options });
    let front: Runtime;
    let behind: Runtime;
    let first: { parent: number; children: number };
    const stays = async () => {
      const [y] = await front.run("honest", [floatTensor("x", [1, 3], [0, 0, 0])]);
      expect([...toFloats(y!)]).to.deep.equal([0.5, -0.5]);
    };

    before(async () => {
      front = open();
      behind = open({ inspect: hostile.openGate });
      await front.load("honest", buildModel());
      await stays();
      first = await memoryOf(front, behind);
    });
    after(() => Promise.all([front.close(), behind.close()]));

    for (const { name, model, gate, behind: ends } of attacks) {
      const allowed = ends.length === 0 ? LIES : ends;
      it(`${name}: ${gate === true ? "refused by the gate" : `ends in ${allowed.join(" or ")}`}`, async () => {
        const pids = front.pids();
        const found = await outcome(front, name, model);
        if (gate === true || (gate === "any" && !allowed.includes(found))) expect(found).to.match(/^INFERENCE_MODEL_/);
        else expect(found).to.be.oneOf(allowed);
        if (gate === true) expect(front.pids()).to.deep.equal(pids);
        await front.unload(name);
        await stays();
      });

      if (gate === true) {
        it(`${name}, without the gate: ends in ${allowed.join(" or ")}`, async () => {
          expect(await outcome(behind, name, model)).to.be.oneOf(allowed);
          await behind.unload(name);
          expect(behind.pids()).to.deep.equal([]);
        });
      }
    }

    it("leaves memory where it was", async () => {
      await stays();
      const now = await memoryOf(front, behind);
      expect(front.pids()).to.have.length(1);
      expect((now.children - first.children) / MIB).to.be.below(16);
      expect((now.parent - first.parent) / MIB).to.be.below(96);
    });
  });
}
