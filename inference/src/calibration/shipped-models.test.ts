import { fileURLToPath } from "node:url";
import { BATTERY, compare, deviation, inDomain, type Tensor, tensorHash, units } from "@surety/protocol";
import { expect } from "chai";
import {
  CALIBRATION_STRATA,
  calibrationIndices,
  loadInputs,
  MODEL_NAMES,
  type RealInputs,
} from "../../../models/inputs.ts";
import { quantizeWeights } from "../cheats/quantize.ts";
import { readModel, type StoredModel } from "../model-store.ts";
import { createRerunner, type Rerun } from "../rerun.ts";
import { createRuntime, type Runtime } from "../runtime.ts";
import { calibrate } from "./calibrate.ts";

/** Held-out inputs per model. */
const HELD_OUT = 200;
/** Candles in a window: nearer windows share some. */
const OVERLAP = 24;

/** Inputs that share no candle with those of calibration, evenly over the data. */
function heldOut(name: string, real: RealInputs, calibrated: number[]): number[] {
  const apart = name === "digits-cnn" ? 1 : OVERLAP;
  const free = Array.from({ length: real.count }, (_, i) => i).filter((i) =>
    calibrated.every((c) => Math.abs(c - i) >= apart),
  );
  expect(free.length).to.be.at.least(HELD_OUT);
  return Array.from({ length: HELD_OUT }, (_, k) => free[Math.floor(((k + 0.5) * free.length) / HELD_OUT)]!);
}

describe("shipped models", function () {
  this.timeout(180_000);
  let native: Runtime;
  let disabled: Runtime;
  let wasm: Runtime;
  before(() => {
    native = createRuntime({ kind: "native", timeoutMs: 60_000 });
    disabled = createRuntime({ kind: "native", optimization: "disabled", timeoutMs: 60_000 });
    wasm = createRuntime({ kind: "wasm", timeoutMs: 60_000 });
  });
  after(async () => {
    await Promise.all([native, disabled, wasm].map((runtime) => runtime.close()));
  });

  it("refuses a rerunner with the runtimes swapped", () => {
    expect(() => createRerunner({ native: wasm, wasm: native })).to.throw("needs a native and a wasm runtime");
  });

  for (const name of MODEL_NAMES) {
    describe(name, () => {
      let stored: StoredModel;
      let real: RealInputs;
      let calibrated: number[];
      let inputs: Tensor[][];
      let own: Rerun[];

      before(async () => {
        stored = await readModel(fileURLToPath(new URL(`../../../models/${name}`, import.meta.url)));
        real = loadInputs(name);
        calibrated = calibrationIndices(real, stored.profile.seed, CALIBRATION_STRATA);
        inputs = heldOut(name, real, calibrated).map(real.at);
        for (const runtime of [native, disabled, wasm]) await runtime.load(stored.id, stored.model);
        own = await createRerunner({ native, wasm })(stored.id, inputs);
      });

      const verdicts = (claims: Tensor[][]) =>
        claims.map((claim, i) => compare({ claim, ...own[i]!, profile: stored.profile, inDomain: true }).verdict);

      it("takes every real input as its domain, one unit each", () => {
        for (let i = 0; i < real.count; i++) expect(inDomain(stored.manifest, real.at(i)), `input ${i}`).to.equal(true);
        expect(units(stored.manifest, real.at(0))).to.equal(1);
      });

      it("was calibrated on the inputs that its profile's seed draws, within limits that hold here", async () => {
        expect(stored.profile.C).to.equal(calibrated.length);
        const { profile } = await calibrate({
          model: stored.model,
          inputs: calibrated.map(real.at),
          seed: stored.profile.seed,
          reference: native,
          alternatives: { disabled, wasm },
        });
        for (const [k, output] of profile.outputs.entries()) {
          const committed = stored.profile.outputs[k]!;
          // Another processor has other last bits; within S an honest run is accepted by both.
          expect(output.tauMax / committed.tauMax).to.be.within(1 / 8, 8);
          expect(output.tauL2 / committed.tauL2).to.be.within(1 / 8, 8);
        }
        expect(stored.profile.power.map(({ cheat }) => cheat)).to.have.members([...BATTERY]);
        expect(stored.profile.class).to.equal("tolerance");
      });

      it("finds honest runtimes within tolerance of each other on every held-out input", async () => {
        const plain = await disabled.runMany(stored.id, inputs);
        for (const [i, { native: mine, wasm: other }] of own.entries()) {
          for (const outputs of [other, plain[i]!]) {
            for (const { dev, wrong } of deviation(outputs, mine, stored.profile)) {
              expect(wrong).to.equal(null);
              expect(dev, `held-out input ${i}`).to.be.at.most(1);
            }
          }
        }
        expect(new Set(verdicts(plain))).to.deep.equal(new Set(["match"]));
        expect(new Set(verdicts(own.map((rerun) => rerun.wasm)))).to.deep.equal(new Set(["match"]));
      });

      it("gives many inputs at once the bits it gives each", async () => {
        for (let i = 0; i < 5; i++) {
          expect(tensorHash(await native.run(stored.id, inputs[i]!))).to.equal(tensorHash(own[i]!.native));
          expect(tensorHash(await wasm.run(stored.id, inputs[i]!))).to.equal(tensorHash(own[i]!.wasm));
        }
      });

      it("calls the int8 copy's answers mismatches", async () => {
        const id = `${name}-int8`;
        await native.load(id, quantizeWeights(stored.model).model);
        const found = verdicts(await native.runMany(id, inputs));
        expect(found.filter((verdict) => verdict === "match")).to.deep.equal([]);
        expect(found.filter((verdict) => verdict === "mismatch").length / HELD_OUT).to.be.at.least(0.97);
      });

      it("calls the answer to another input a mismatch", () => {
        const found = verdicts(own.map((_, i) => own[(i + 1) % HELD_OUT]!.native));
        expect(found.filter((verdict) => verdict === "mismatch").length / HELD_OUT).to.be.at.least(0.97);
      });
    });
  }
});
