import type { PanelCalibration } from "@surety/protocol";
import { expect } from "chai";
import { streamOf } from "../models/random.ts";
import { type Answer, mixAnswers, simulateEpochs } from "./epochs.ts";

/** Honest deviations evenly up to an eighth of tau. */
const honest = Array.from({ length: 256 }, (_, i) => (i + 1) / 256 / 8);
const panel: PanelCalibration = {
  honest,
  stretch: 2,
  alpha: 1e-4,
  least: 8,
  falseAlarms: { 12: 0, 24: 0, 48: 0 },
};
const EPOCHS = 2_000;

const match = (deviation: number): Answer => ({ verdict: "match", deviation });
const mismatch: Answer = { verdict: "mismatch", deviation: 100 };
const fine = honest.map(match);
const simulate = (answers: Answer[][], seed = 1) =>
  simulateEpochs({ answers, panel, epochs: EPOCHS, random: streamOf(seed, 0) });
const alone = (answers: readonly Answer[]) => answers.map((answer) => [answer]);

describe("simulated epochs", () => {
  it("let an honest provider pass both tests, at every number of samples", () => {
    const passed = { epochs: EPOCHS, single: EPOCHS, panel: EPOCHS, both: EPOCHS };
    expect(simulate(alone(fine))).to.deep.equal({ 12: passed, 24: passed, 48: passed });
  });

  it("are caught by the single test where every answer is a mismatch", () => {
    for (const { single, both } of Object.values(simulate(alone(fine.map(() => mismatch))))) {
      expect([single, both]).to.deep.equal([0, 0]);
    }
  });

  it("are caught by the panel alone where every answer matches, but lies far out", () => {
    for (const { single, panel: panels, both } of Object.values(simulate(alone(fine.map(() => match(0.9)))))) {
      expect([single, panels, both]).to.deep.equal([EPOCHS, 0, 0]);
    }
  });

  it("count an input once in the panel, however often it is drawn", () => {
    const few = alone(Array.from({ length: panel.least - 1 }, () => match(0.9)));
    expect(simulate(few)[48].panel).to.equal(EPOCHS);
  });

  it("pass without a panel test where no single answer is a mismatch", () => {
    const draw = { answers: alone(fine.map(() => match(0.9))), panel: undefined, epochs: 10, random: streamOf(1, 0) };
    expect(simulateEpochs(draw)[12].both).to.equal(10);
  });

  it("miss a provider that cheats on a tenth as often as chance has it", () => {
    const answers = mixAnswers(
      fine.map(() => mismatch),
      alone(fine).map((one) => [...one, ...one, ...one]),
      0.1,
    );
    const found = simulate(answers);
    for (const samples of [12, 24, 48] as const) {
      const expected = 0.9 ** samples;
      const deviation = Math.sqrt((expected * (1 - expected)) / EPOCHS);
      expect(found[samples].single / EPOCHS).to.be.closeTo(expected, 5 * deviation);
    }
  });

  it("are the same for the same seed", () => {
    const answers = mixAnswers(
      fine.map(() => mismatch),
      alone(fine),
      0.1,
    );
    expect(simulate(answers, 3)).to.deep.equal(simulate(answers, 3));
    expect(simulate(answers, 3)).to.not.deep.equal(simulate(answers, 4));
  });
});
