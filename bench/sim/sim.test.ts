import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Report } from "./main.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Runs the program in a process of its own: Hardhat changes chai for the whole process that loads it. */
const run = (...args: string[]): Promise<{ code: number; said: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
    );
  });

describe("the simulation", function () {
  this.timeout(600_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "surety-sim-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const play = async (seed: string, only: string): Promise<Omit<Report, "seconds">> => {
    const json = join(folder, "sim.json");
    const { code, said } = await run("--epochs", "6", "--jury", "5", "--seed", seed, "--only", only, "--json", json);
    expect(code, said).to.be.oneOf([0, 1]);
    const { seconds, ...report } = JSON.parse(readFileSync(json, "utf8")) as Report;
    expect(said).to.include(`seed ${seed}`).and.include(`${seconds} s`);
    return report;
  };

  it("gives the same table for the same seed, in which honesty beats the cheap and the lazy", async () => {
    const only = "provider: honest,cheap model 10 % that defends,lazy without";
    const report = await play("3", only);
    expect(await play("3", only)).to.deep.equal(report);

    const [honest, cheap, lazy] = report.rows;
    expect(honest).to.include({ strategy: "honest", honestFirst: true, gain: 0, lead: 0, slashed: 0 });
    expect(honest!.profit).to.be.above(0);
    expect(cheap).to.include({ honestFirst: true, honest: honest!.profit });
    expect(cheap!.profit).to.be.below(cheap!.honest);
    // Tried by juries: each case cost it a twentieth of its stake and the bond.
    expect(cheap!.counts.confirmed).to.be.above(5);
    expect(cheap!.counts.acquitted).to.equal(0);
    expect(cheap!.slashed * 6).to.be.above(100);
    expect(lazy!.honestFirst, lazy!.where).to.equal(true);
    expect(lazy!.counts.unshown).to.be.above(0);
    expect(lazy!.cost).to.be.below(honest!.cost);
  });
});
