import { expect } from "chai";
import fc from "fast-check";
import { seededRandom } from "../random.ts";
import { near } from "../testing/near.ts";
import { distinctAnswers, epochOdds, outlook, rerunCost, samplesOfNew } from "./detection.ts";

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
const missProbability = (...given: Parameters<typeof epochOdds>) => epochOdds(...given).miss;
const shares = fc.double({ min: 0, max: 1, noNaN: true });
const traffics = fc.integer({ min: 1, max: 1_000_000 });

/** One epoch played out: which answers are cheats that show, and which of them the samples meet. */
function playEpoch(m: number, traffic: number, q: number, uniform: () => number): boolean {
  const shows = new Map<number, boolean>();
  for (let j = 0; j < m; j++) {
    const at = Math.floor(uniform() * traffic);
    const known = shows.get(at) ?? uniform() < q;
    shows.set(at, known);
    if (known) return true;
  }
  return false;
}

describe("planning of samples", () => {
  it("misses as often as epochs that are played out", () => {
    const uniform = seededRandom(7, "planning");
    const trials = 20_000;
    for (const [m, traffic, cheatShare, power] of [
      [12, 8, 0.1, 1],
      [24, 30, 0.05, 0.9],
      [48, 1_000_000, 0.02, 0.8],
    ] as const) {
      let missed = 0;
      for (let i = 0; i < trials; i++) if (!playEpoch(m, traffic, cheatShare * power, uniform)) missed++;
      const expected = missProbability(m, traffic, { cheatShare, power });
      const sigma = Math.sqrt((expected * (1 - expected)) / trials);
      expect(Math.abs(missed / trials - expected), `${m} of ${traffic}`).to.be.below(4.5 * sigma);
    }
  });

  it("expects as many epochs as providers last that are played out", () => {
    const uniform = seededRandom(8, "planning");
    const [traffic, cheatShare, trials] = [500, 0.004, 4_000];
    const lives = Array.from({ length: trials }, () => {
      let epoch = 0;
      while (!playEpoch(samplesOfNew(epoch), traffic, cheatShare, uniform)) epoch++;
      return epoch + 1;
    });
    const { expectedEpochs, undetected7, undetected30, perEpoch } = outlook(samplesOfNew, traffic, {
      cheatShare,
      power: 1,
    });
    const mean = sum(lives) / trials;
    const deviation = Math.sqrt(sum(lives.map((life) => (life - mean) ** 2)) / trials);
    expect(Math.abs(mean - expectedEpochs)).to.be.below((4.5 * deviation) / Math.sqrt(trials));
    for (const [epochs, chance] of [
      [1, 1 - perEpoch],
      [7, undetected7],
      [30, undetected30],
    ] as const) {
      const left = lives.filter((life) => life > epochs).length / trials;
      expect(Math.abs(left - chance), `${epochs} epochs`).to.be.below(
        4.5 * Math.sqrt((chance * (1 - chance)) / trials) + 1e-3,
      );
    }
  });

  it("is the plain formula where no answer is met twice", () => {
    near(missProbability(12, 1e12, { cheatShare: 0.1, power: 0.5 }), 0.95 ** 12, 1e-9);
    const { perEpoch, expectedEpochs, undetected7 } = outlook(() => 12, 1e12, { cheatShare: 0.1, power: 1 });
    near(perEpoch, 1 - 0.9 ** 12, 1e-9);
    near(expectedEpochs, 1 / (1 - 0.9 ** 12), 1e-9);
    near(undetected7, 0.9 ** 84, 1e-9);
  });

  it("knows all different answers of little traffic", () => {
    expect(distinctAnswers(3, 1)).to.deep.equal([0, 1, 0, 0]);
    expect(distinctAnswers(2, 2)).to.deep.equal([0, 0.5, 0.5]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 48 }), traffics, (m, traffic) => {
        const chances = distinctAnswers(m, traffic);
        near(sum(chances), 1, 1e-9);
        const mean = sum(chances.map((chance, u) => chance * u));
        near(mean, traffic * (1 - (1 - 1 / traffic) ** m), 1e-6 * Math.max(1, mean));
      }),
    );
  });

  it("keeps tiny odds on either side", () => {
    near(epochOdds(12, 1e12, { cheatShare: 1e-12, power: 1 }).detect / 1.2e-11, 1, 1e-9);
    expect(epochOdds(48, 1e12, { cheatShare: 0.9, power: 1 }).miss / 1e-48).to.be.below(1e3);
    fc.assert(
      fc.property(shares, shares, traffics, (cheatShare, power, traffic) => {
        const { miss, detect } = epochOdds(24, traffic, { cheatShare, power });
        near(miss + detect, 1, 1e-9);
      }),
    );
  });

  it("never detects what shows nothing, and always what always shows", () => {
    for (const cheat of [
      { cheatShare: 0, power: 1 },
      { cheatShare: 1, power: 0 },
    ])
      expect(outlook(() => 12, 100, cheat)).to.deep.equal({
        perEpoch: 0,
        expectedEpochs: Number.POSITIVE_INFINITY,
        undetected7: 1,
        undetected30: 1,
      });
    const sure = outlook(() => 12, 100, { cheatShare: 1, power: 1 });
    expect(sure).to.include({ expectedEpochs: 1, undetected7: 0, undetected30: 0 });
    near(sure.perEpoch, 1, 1e-12);
  });

  it("detects more with more samples, more cheats and more power, and no less with the panel test", () => {
    const missed = {
      "12": { single: 0.5, both: 0.4 },
      "24": { single: 0.3, both: 0.1 },
      "48": { single: 0.1, both: 0 },
    };
    fc.assert(
      fc.property(shares, shares, shares, traffics, (a, b, power, traffic) => {
        const [less, more] = a < b ? [a, b] : [b, a];
        const miss = (cheatShare: number, m = 24) => missProbability(m, traffic, { cheatShare, power });
        expect(miss(more)).to.be.at.most(miss(less) + 1e-12);
        expect(miss(more, 48)).to.be.at.most(miss(more) + 1e-12);
        expect(missProbability(24, traffic, { cheatShare: more, power, missed })).to.be.at.most(miss(more) + 1e-12);
      }),
    );
    // Of 24 samples in much traffic nearly all are different: what was measured with 24 counts.
    near(missProbability(24, 1e12, { cheatShare: 0.01, power: 1, missed }), 0.1, 1e-6);
    // Of 8 answers no 12 are different: the panel's figures do not apply.
    expect(missProbability(24, 8, { cheatShare: 0.01, power: 1, missed })).to.equal(
      missProbability(24, 8, { cheatShare: 0.01, power: 1 }),
    );
  });

  it("takes 48 samples of a new provider for 7 epochs, 24 up to the 30th, then 12, and counts re-runs", () => {
    expect([0, 6, 7, 29, 30, 1000].map(samplesOfNew)).to.deep.equal([48, 48, 24, 24, 12, 12]);
    expect(rerunCost(12, 100_000)).to.deep.equal({ reruns: 120, ofTraffic: 0.0012 });
  });
});
