import { expect } from "chai";
import fc from "fast-check";
import { checkWindows, epochAt, epochTimes, leastExitDelay, slotAt, type Windows } from "./schedule.ts";
import { code } from "./testing/refusal.ts";

const clock = { genesis: 1_000n, length: 240n };
const windows: Windows = {
  logWindow: 20n,
  beaconLag: 5n,
  openWindow: 30n,
  commitWindow: 40n,
  outputWindow: 25n,
  revealWindow: 45n,
  disputeWindow: 100n,
  answerWindow: 11n,
  juryWindow: 13n,
  grace: 17n,
};

describe("schedule", () => {
  it("puts every step after the one before", () => {
    expect(epochTimes(clock, windows, 2)).to.deep.equal({
      start: 1_480n,
      end: 1_720n,
      logEnd: 1_740n,
      seedTime: 1_745n,
      openEnd: 1_775n,
      commitEnd: 1_815n,
      outputEnd: 1_840n,
      revealEnd: 1_885n,
      redrawCommitEnd: 1_925n,
      redrawEnd: 1_970n,
      settleEnd: 2_125n,
      disputeEnd: 2_225n,
    });
    expect(epochTimes(clock, windows, 2, 2_000n).disputeEnd).to.equal(2_225n);
    expect(epochTimes(clock, windows, 2, 2_126n).disputeEnd).to.equal(2_226n);
  });

  it("finds the epoch and the slot of any moment", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000_000, max: 9_000_000 }), (ms) => {
        const epoch = epochAt(clock, Math.floor(ms / 1000));
        const { start, end } = epochTimes(clock, windows, epoch);
        expect(BigInt(ms) >= start * 1000n && BigInt(ms) < end * 1000n).to.equal(true);
        const slot = slotAt(clock, epoch, ms);
        expect(slot).to.equal(Math.floor(((ms / 1000 - Number(start)) / 240) * 24 + 1e-9));
      }),
    );
    expect(slotAt(clock, 0, 1_000_000)).to.equal(0);
    expect(slotAt(clock, 0, 1_009_999)).to.equal(0);
    expect(slotAt(clock, 0, 1_010_000)).to.equal(1);
    expect(slotAt(clock, 0, 1_239_999)).to.equal(23);
    // Epochs of fewer seconds than slots still have 24 of them.
    expect(slotAt({ genesis: 0n, length: 10n }, 0, 9_999)).to.equal(23);
  });

  it("knows the least exit delay", () => {
    expect(leastExitDelay(clock, windows)).to.equal(960n + 50n + 30n + 25n + 170n + 100n + 22n + 13n + 17n);
  });

  it("refuses what is malformed", () => {
    expect(code(() => epochAt(clock, 999))).to.equal("PROTOCOL_BEFORE_GENESIS");
    expect(code(() => epochAt({ genesis: 0n, length: 0n }, 1))).to.equal("PROTOCOL_CLOCK");
    expect(code(() => epochAt(clock, 1000.5))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => slotAt(clock, 1, 1_239_999))).to.equal("PROTOCOL_OUTSIDE_EPOCH");
    expect(code(() => slotAt(clock, 1, 1_480_000))).to.equal("PROTOCOL_OUTSIDE_EPOCH");
    expect(code(() => checkWindows(clock, { ...windows, beaconLag: 220n }))).to.equal("PROTOCOL_WINDOWS");
    expect(code(() => checkWindows(clock, { ...windows, revealWindow: 200n }))).to.equal("PROTOCOL_WINDOWS");
    expect(code(() => checkWindows(clock, { ...windows, grace: -1n }))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => epochTimes(clock, { ...windows, revealWindow: 200n }, 1))).to.equal("PROTOCOL_WINDOWS");
    expect(code(() => epochTimes(clock, windows, -1))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });
});
