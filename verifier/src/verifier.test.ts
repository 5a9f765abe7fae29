import {
  decodeTensors,
  encodeTensors,
  ownDraw,
  ownInput,
  ROLE_RERUN,
  rerunDataRoot,
  unpackProbeReport,
  unpackRerunReport,
} from "@surety/protocol";
import { expect } from "chai";
import { sha256 } from "./rerun/data-root.ts";
import { leafOfSamples, positionsOf, rerunBasis } from "./samples.ts";
import type { Assignment } from "./store/index.ts";
import { manifest, toyRun } from "./testing/toy-model.ts";
import { createWorld, EPOCH, ME, type World } from "./testing/world.ts";

describe("verifier, from seat to settlement", () => {
  let world: World;
  afterEach(() => world.close());

  /** Lives through the epoch. @returns the probe and the re-run assignment as they ended */
  async function run(): Promise<[Assignment, Assignment]> {
    world.verifier.start();
    await world.live();
    await world.until(world.chain.facts().times(EPOCH).revealEnd + 5n);
    const rows = world.deps.store.assignments.ofEpoch(EPOCH);
    expect(rows).to.have.length(2);
    return [rows[0]!, rows[1]!];
  }
  const errors = () => world.log.lines.filter(({ level }) => level === "error");

  it("attests to an honest provider", async () => {
    world = await createWorld();
    const [probe, rerun] = await run();
    expect(errors()).to.deep.equal([]);
    expect([probe.state, rerun.state]).to.deep.equal(["done", "done"]);
    const report = unpackProbeReport(probe.report!);
    expect(report.probes).to.equal(11);
    expect(report).to.deep.include({ timely: 11, answered: 11, peakProbes: 0, peakTimely: 0, atCapacity: 0 });
    expect(unpackRerunReport(rerun.report!).verdicts).to.deep.equal(Array(12).fill("match"));
    expect(world.deps.store.probes.verdicts()).to.deep.equal({ match: 11 });
    const did = world.chain.sent.filter(({ refused }) => refused === null).map(({ what }) => what.split(":")[0]);
    expect(did.filter((what) => what !== "draw")).to.deep.equal(["commit", "reveal", "settle"]);
    expect(world.verifier.status()).to.deep.include({ verifier: ME, assignments: 2, attested: 2, missed: 0 });
  });

  it("commits to its outputs on an input of its own, after those of the samples", async () => {
    world = await createWorld();
    const [, rerun] = await run();
    const { provider, modelId, seat } = rerun;
    const basis = rerunBasis(rerun.basis);
    const samples = leafOfSamples(positionsOf(rerun, basis), world.deps.store.leaves.of(rerun));
    const { i, k, w } = ownDraw({ seed: basis.seed, provider, modelId, role: ROLE_RERUN, seat }, basis.m);
    const [first, second] = [i, k].map((j) => decodeTensors(samples[j]!.inputs));
    const own = encodeTensors(toyRun(ownInput(manifest, first!, second!, w)!));
    expect(world.deps.store.own.get(rerun)).to.deep.equal({ native: own, wasm: own });
    const hashed = [...samples.map((leaf) => leaf!.native!), own].map((bytes, j) => {
      return { j, nativeHash: sha256(bytes), wasmHash: sha256(bytes) };
    });
    expect(rerun.dataRoot).to.equal(rerunDataRoot(hashed));
  });
});
