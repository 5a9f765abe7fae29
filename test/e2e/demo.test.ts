import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { DemoResult } from "../../scripts/demo/result.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The demo with a small setting: the whole path, from a served request to a dapp's decision. */
describe("the path end to end", function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), "surety-e2e-"));
  let result: DemoResult;
  let output = "";

  before(async () => {
    const file = join(folder, "result.json");
    await new Promise<void>((resolve, reject) => {
      const child = spawn(process.execPath, ["scripts/demo.ts", "--epochs", "2", "--seed", "7", "--json", file], {
        cwd: root,
      });
      child.stdout.on("data", (chunk) => (output += chunk));
      child.stderr.on("data", (chunk) => (output += chunk));
      child.once("error", reject);
      child.once("close", () => resolve());
    });
    try {
      result = JSON.parse(readFileSync(file, "utf8"));
    } catch (cause) {
      throw new Error(`the demo wrote no result:\n${output.slice(-4000)}`, { cause });
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(function () {
    // What the demo's processes complained of says why.
    if (this.currentTest?.state === "failed") console.error(output.slice(-20_000));
  });

  const provider = (name: string) => result.providers.find((one) => one.name === name)!;
  const recordsOf = (name: string) =>
    result.epochsLog.flatMap(({ records }) => records.filter((record) => record.provider === name));

  it("settles every record of every counted epoch", () => {
    expect(result.epochs).to.equal(2);
    const counted = result.epochsLog.filter((epoch) => epoch.counted);
    expect(counted).to.have.length(2);
    for (const { records } of counted) expect(records).to.have.length(9);
    expect(result.providers.map(({ behaviour }) => behaviour)).to.deep.equal(["honest", "sheds-peak", "cheap-model"]);
  });

  it("measures the honest provider as available and correct", () => {
    // A machine that is busy with other things can make anybody miss a window; not in every epoch.
    const whole = recordsOf("A").filter(({ probes, m, matches }) => probes > 0 && m > 0 && matches === m);
    expect(whole.length).to.be.greaterThan(0);
    for (const { probes, timely } of whole) expect(timely / probes).to.be.at.least(0.99);
    for (const { score, ceiling, correctness } of provider("A").records) {
      expect(correctness.mismatches).to.equal(0);
      expect(score).to.be.at.most(ceiling);
    }
  });

  it("lets the dapp decide by the record, and by open cases", () => {
    for (const { name, records } of result.providers) {
      for (const { score, dapp } of records) {
        if (score < result.threshold) expect(dapp.reason, name).to.match(/^ReliabilityScoreTooLow/);
        else if (name === "C") expect(dapp.reason, name).to.match(/^(ReliabilityDisputed|Accepted)/);
        else expect(dapp, name).to.deep.equal({ accepted: true, reason: "Accepted" });
      }
    }
  });

  it("takes the cheap provider's cases to an end, and nobody else's", () => {
    for (const { name, openCases, cases, losses } of result.providers) {
      const confirmed = cases.byJury + cases.bySilence;
      expect(openCases + confirmed > 0, name).to.equal(name === "C");
      const taken = losses.find(({ cause }) => cause === "wrong output");
      expect(taken?.times ?? 0, name).to.equal(confirmed);
    }
    const { cases, stake } = provider("C");
    expect(cases.byJury).to.be.greaterThan(0);
    expect(BigInt(stake.after) < BigInt(stake.before)).to.equal(true);
  });

  it("catches who runs nothing, and accuses no other verifier of it", () => {
    const { lazy, verifiers } = result;
    expect(lazy.reports).to.be.greaterThan(0);
    const caught = lazy.losses.find(({ cause }) => cause === "own outputs not shown");
    expect(caught?.times).to.be.greaterThan(0);
    expect(BigInt(lazy.stake.after) < BigInt(lazy.stake.before)).to.equal(true);
    for (const { name, losses } of verifiers) {
      // A machine that is busy with other things can make anybody miss a duty.
      expect(
        losses.filter(({ cause }) => cause !== "missed duty"),
        name,
      ).to.deep.equal([]);
    }
  });

  it("restores the client that signed, for its own answers alone", () => {
    const { client } = result;
    expect(client.leaves).to.be.within(1, client.wronged);
    expect(client.claimed).to.equal(client.restored);
    // Twice the price of a unit for each, or less where little stake is left to take.
    expect(BigInt(client.claimed) <= BigInt(client.leaves) * 2n * 10n ** 16n).to.equal(true);
  });

  it("finds no mismatch where none was made", () => {
    for (const name of ["A", "B"]) {
      for (const { mismatches } of recordsOf(name)) expect(BigInt(mismatches)).to.equal(0n);
    }
  });

  it("publishes a demand profile with a peak, at which the shedding provider fails", () => {
    const counted = result.epochsLog.filter((epoch) => epoch.counted);
    for (const { profile } of counted) {
      for (const shares of Object.values(profile)) expect(Math.max(...shares)).to.be.greaterThan(2 / 24);
    }
    const measured = recordsOf("B").filter(({ peakProbes }) => peakProbes > 0);
    const sum = (pick: (record: (typeof measured)[number]) => number) => measured.reduce((n, r) => n + pick(r), 0);
    expect(sum((r) => r.peakTimely)).to.be.lessThan(sum((r) => r.peakProbes));
  });

  it("shows every swapped answer that a majority checked", () => {
    let shown = 0;
    for (const { swapped, matched, mismatches } of recordsOf("C")) {
      expect(BigInt(swapped) & BigInt(matched)).to.equal(0n);
      // And nothing else: what was not swapped is no mismatch.
      expect(BigInt(mismatches) & ~BigInt(swapped)).to.equal(0n);
      if (BigInt(mismatches) !== 0n) shown++;
    }
    expect(shown).to.be.greaterThan(0);
  });

  it("pays every verifier, and takes no stake of honest providers", () => {
    expect(result.verifiers).to.have.length(12);
    for (const { pay, attested } of result.verifiers) {
      expect(attested).to.be.greaterThan(0);
      expect(BigInt(pay) > 0n).to.equal(true);
    }
    for (const name of ["A", "B"]) expect(provider(name).losses).to.deep.equal([]);
  });

  it("tells the gas of each step and the time of each phase", () => {
    for (const step of [
      "ReceiptLog.commit",
      "HeaderBeacon.draw",
      "AttestationHub.reveal",
      "AttestationHub.settleAll",
    ]) {
      const figures = result.gas[step]!;
      expect(figures.min).to.be.at.most(figures.median);
      expect(figures.median).to.be.at.most(figures.max);
    }
    expect(Object.keys(result.phases)).to.include.members([
      "calibration",
      "set-up",
      "warm-up",
      "counted epochs",
      "court",
      "closing",
    ]);
  });
});
