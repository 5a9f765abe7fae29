import type { CheatName } from "@surety/protocol";
import { BATTERY } from "@surety/protocol";
import { expect } from "chai";
import type { CheatResult, ModelResult } from "./result.ts";
import { judgeTargets, totalHonest } from "./targets.ts";

const passed = (both: number) => ({ epochs: 10_000, single: both, panel: both, both });
const bySamples = (both: number) => ({ 12: passed(both), 24: passed(0), 48: passed(0) });

const cheat = (name: CheatName, match = 0, both = 0): CheatResult => ({
  cheat: name,
  answers: 100,
  verdicts: { match, grey: 0, mismatch: 100 - match },
  least: 10,
  median: null,
  epochs: { all: bySamples(both), tenth: bySamples(9_000) },
});

const model = (change: Partial<ModelResult> = {}): ModelResult => ({
  name: "m",
  source: "generated",
  class: "tolerance",
  calibrated: 256,
  fresh: 100,
  outputs: [],
  honest: [
    {
      configuration: "c",
      checks: 20_000,
      different: 12_000,
      verdicts: { match: 19_990, grey: 10, mismatch: 0 },
      fromNative: 0.2,
      fromNearer: 0.1,
      epochs: bySamples(10_000),
    },
  ],
  cheats: BATTERY.map((name) => cheat(name)),
  idle: [],
  seconds: 1,
  ...change,
});

const missed = (models: ModelResult[], quick = false) =>
  judgeTargets(models, quick)
    .filter(({ met }) => !met)
    .map(({ target, found }) => `${target}: ${found}`);
const withCheat = (changed: CheatResult) =>
  model({ cheats: BATTERY.map((name) => (name === changed.cheat ? changed : cheat(name))) });

describe("targets", () => {
  it("are met by perfect results, grey honest answers among them", () => {
    expect(missed([model()])).to.deep.equal([]);
    expect(totalHonest([model(), model()])).to.deep.equal({
      checks: 40_000,
      different: 24_000,
      match: 39_980,
      grey: 20,
      mismatch: 0,
      epochs: 60_000,
      alarms: 40_000,
    });
  });

  it("are missed by one honest mismatch among thousands", () => {
    const [row] = model().honest;
    const honest = [{ ...row!, verdicts: { match: 19_999, grey: 0, mismatch: 1 } }];
    expect(missed([model({ honest })])).to.deep.equal(["honest answers called a mismatch: none: 1 of 20,000"]);
  });

  it("are missed by too few honest checks, but for a smoke run", () => {
    const [row] = model().honest;
    const honest = [{ ...row!, checks: 19_999 }];
    expect(missed([model({ honest })])).to.deep.equal(["honest checks: at least 20,000: 19,999"]);
    expect(missed([model({ honest })], true)).to.deep.equal([]);
  });

  for (const name of ["int8-weights", "int4-weights", "stale-answer"] as const) {
    it(`are missed by one accepted answer of ${name}`, () => {
      expect(missed([model(), withCheat(cheat(name, 1))])).to.deep.equal([
        `${name} answers called a match: none: m 1 of 200`,
      ]);
    });
  }

  for (const name of ["bf16-weights", "fp16-weights", "pruned-1-percent", "fp16-output"] as const) {
    it(`are missed by one epoch of ${name} that passes both tests, not by accepted answers`, () => {
      expect(missed([withCheat(cheat(name, 5))])).to.deep.equal([]);
      expect(missed([withCheat(cheat(name, 5, 1))])).to.deep.equal([
        `${name}, epochs of 12 that pass both tests: none: m 1 of 10,000`,
      ]);
    });
  }

  it("are missed where a cheat was tried on no model", () => {
    expect(missed([model({ cheats: [] })])).to.have.length(7);
  });
});
