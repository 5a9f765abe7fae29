import {
  decodeTensors,
  encodeTensors,
  ownDraw,
  ownInput,
  packProbeReport,
  packRerunReport,
  ROLE_RERUN,
  rerunDataRoot,
  type Tensor,
  unpackProbeReport,
  unpackRerunReport,
} from "@surety/protocol";
import { expect } from "chai";
import { zeroHash } from "viem";
import type { Rerunner } from "./ports.ts";
import { journalKey, sealLeaves, toPayload } from "./report/seal.ts";
import { sha256 } from "./rerun/data-root.ts";
import { leafOfSamples, positionsOf, rerunBasis } from "./samples.ts";
import type { Assignment } from "./store/index.ts";
import { CHAIN_ID, HUB } from "./testing/sim-chain.ts";
import { manifest, toyId, toyRerunner, toyRun } from "./testing/toy-model.ts";
import { createWorld, EPOCH, ME, PROVIDER, type World } from "./testing/world.ts";
import { createVerifier } from "./verifier.ts";

describe("verifier, from seat to settlement", () => {
  let world: World;
  afterEach(() => world.close());

  /** Lives through the epoch until its settlement. @returns the probe, re-run and redraw assignments as they ended */
  async function run(end: "revealEnd" | "redrawEnd" = "revealEnd"): Promise<Assignment[]> {
    world.verifier.start();
    await world.live();
    await world.until(world.chain.facts().times(EPOCH)[end] + 5n);
    const rows = world.deps.store.assignments.ofEpoch(EPOCH);
    expect(rows.map(({ role }) => role)).to.deep.equal(end === "revealEnd" ? [0, 1] : [0, 1, 2]);
    return rows;
  }
  /** What the verifier sent that was not refused, seeds left aside. */
  const did = () =>
    world.chain.sent
      .filter(({ refused }) => refused === null)
      .map(({ what }) => what.split(":")[0])
      .filter((what) => what !== "draw");
  const ends = (rows: readonly Assignment[]) => rows.map(({ state, reason }) => [state, reason]);
  const shown = (role: number) =>
    world.chain.events
      .filter(({ eventName }) => eventName === "Revealed")
      .map(({ args }) => args as { role: number; verifier: string; report: bigint; dataRoot: string })
      .filter((args) => args.role === role && args.verifier === ME);
  const verdicts = (a: Assignment) => [...new Set(unpackRerunReport(a.report!).verdicts)];
  const errors = () => world.log.lines.filter(({ level }) => level === "error");

  it("attests to an honest provider", async () => {
    world = await createWorld();
    const rows = await run();
    const [probe, rerun] = [rows[0]!, rows[1]!];
    expect(errors()).to.deep.equal([]);
    expect([probe.state, rerun.state]).to.deep.equal(["done", "done"]);
    const report = unpackProbeReport(probe.report!);
    expect(report.probes).to.equal(11);
    expect(report).to.deep.include({ timely: 11, answered: 11, peakProbes: 0, peakTimely: 0, atCapacity: 0 });
    expect(unpackRerunReport(rerun.report!).verdicts).to.deep.equal(Array(12).fill("match"));
    expect(world.deps.store.probes.verdicts()).to.deep.equal({ match: 11 });
    expect(did()).to.deep.equal(["commit", "reveal", "settleAll"]);
    const status = { verifier: ME, assignments: 2, attested: 2, abstained: 0, missed: 0 };
    expect(world.verifier.status()).to.deep.include(status);
  });

  it("takes its redraw seat where re-runs were below quorum, and settles after that", async () => {
    world = await createWorld({ attending: 1 });
    const rows = await run("redrawEnd");
    expect(errors()).to.deep.equal([]);
    expect(ends(rows)).to.deep.equal(Array(3).fill(["done", null]));
    expect(did()).to.deep.equal(["commit", "reveal", "commit", "reveal", "settleAll"]);
    expect([rows[1]!, rows[2]!].map(verdicts)).to.deep.equal([["match"], ["match"]]);
    // The same samples, but another own input.
    expect(rows[2]!.dataRoot).not.to.equal(rows[1]!.dataRoot);
    const settled = world.chain.events.find(({ eventName }) => eventName === "Settled")!;
    expect(settled.args).to.deep.include({ matches: 12, mismatches: 0n });
    expect(settled.timestamp >= world.chain.facts().times(EPOCH).redrawEnd).to.equal(true);
  });

  it("abstains in all roles without the model's files, and misses nothing", async () => {
    world = await createWorld({ attending: 1, deps: { models: { get: () => undefined } } });
    const rows = await run("redrawEnd");
    expect(errors()).to.deep.equal([]);
    expect(ends(rows)).to.deep.equal(Array(3).fill(["done", "UNKNOWN_MODEL"]));
    expect(rows[0]!.report).to.equal(0n);
    expect([rows[1]!, rows[2]!].map(verdicts)).to.deep.equal([["grey"], ["grey"]]);
    for (const role of [0, 1, 2]) expect(shown(role).map(({ dataRoot }) => dataRoot)).to.deep.equal([zeroHash]);
    const { attested, abstained, missed, abstentions, lastAbstained } = world.verifier.status();
    expect({ attested, abstained, missed }).to.deep.equal({ attested: 0, abstained: 3, missed: 0 });
    expect(abstentions).to.deep.equal({ UNKNOWN_MODEL: 3 });
    expect(lastAbstained.map(({ role }) => role)).to.deep.equal(["redraw", "re-run", "probe"]);
  });

  it("abstains on a probe seat alone for which it has no inputs", async () => {
    world = await createWorld({ deps: { inputs: () => undefined } });
    const rows = await run();
    expect(ends(rows)).to.deep.equal([
      ["done", "TOO_FEW_PROBES"],
      ["done", null],
    ]);
    expect(rows[0]!.detail).to.contain("0 of 11 probes were sent").and.to.contain("11 NO_INPUTS");
    expect(shown(0).map(({ report }) => report)).to.deep.equal([0n]);
    expect(verdicts(rows[1]!)).to.deep.equal(["match"]);
  });

  it("abstains on what is not ready when it has to be committed", async () => {
    world = await createWorld({ deps: { isSigned: () => new Promise(() => {}) } });
    const rows = await run();
    expect(ends(rows)).to.deep.equal([
      ["done", "NOT_READY"],
      ["done", null],
    ]);
    expect(shown(0).map(({ report }) => report)).to.deep.equal([0n]);
  });

  it("reveals no re-run report that its own evidence does not give, but abstains, and says so", async () => {
    world = await createWorld();
    const { assignments } = world.deps.store;
    const { move } = assignments;
    const report = packRerunReport({ n: 12, verdicts: Array<"mismatch">(12).fill("mismatch"), panel: 0 });
    assignments.move = (key, from, to, patch) =>
      move(key, from, to, key.role === 1 && to === "compared" ? { report } : patch);
    const rows = await run();
    expect(ends(rows)).to.deep.equal([
      ["done", null],
      ["done", "OWN_RECORDS_DIFFER"],
    ]);
    expect(verdicts(rows[1]!)).to.deep.equal(["grey"]);
    expect(shown(1)).to.have.length(1);
    expect(shown(1)[0]!.dataRoot).not.to.equal(zeroHash);
    expect(errors().map(({ facts }) => facts.role)).to.deep.equal([1]);
  });

  it("says nothing of a provider whose outputs it was not there to ask for", async () => {
    world = await createWorld();
    const { commitEnd, outputEnd } = world.chain.facts().times(EPOCH);
    world.verifier.start();
    await world.live();
    await world.until(commitEnd - 1n);
    await world.verifier.stop();
    await world.until(outputEnd);
    const again = createVerifier(world.deps);
    again.start();
    await world.until(world.chain.facts().times(EPOCH).revealEnd + 5n);
    await again.stop();
    expect(ends(world.deps.store.assignments.ofEpoch(EPOCH))).to.deep.equal([
      ["done", null],
      ["done", "NOT_ASKED"],
    ]);
    expect(shown(1)).to.have.length(1);
  });

  it("reveals what was signed if the store was lost after it: a probe's report, and nothing of a re-run", async () => {
    // The probe's new report is not even ready.
    world = await createWorld({ deps: { isSigned: () => new Promise(() => {}) } });
    const committer = { chainId: CHAIN_ID, hub: HUB, sender: ME, epoch: EPOCH, round: 0 } as const;
    const key = { provider: PROVIDER, modelId: toyId, salt: `0x${"5a".repeat(32)}` } as const;
    const nine = { probes: 9, timely: 9, answered: 9, peakProbes: 0, peakTimely: 0, atCapacity: 0 };
    const report = packProbeReport(nine);
    const dataRoot = `0x${"da".repeat(32)}` as const;
    const sealed = sealLeaves(
      [
        { ...key, role: 0, report, dataRoot },
        { ...key, role: 1, report: 0n, dataRoot },
      ],
      committer,
    );
    world.deps.journal.reserve({ ...journalKey(committer), digest: sealed.hash, payload: toPayload(sealed) });
    const rows = await run();
    expect(ends(rows)).to.deep.equal([
      ["done", null],
      ["done", "OTHER_RESULT_SIGNED"],
    ]);
    expect(shown(0)).to.have.length(1);
    expect(shown(0)[0]).to.deep.include({ report, dataRoot });
    expect(shown(1)[0]).to.deep.include({ dataRoot });
    expect(verdicts(rows[1]!)).to.deep.equal(["grey"]);
    expect(did()).to.deep.equal(["commit", "reveal", "settleAll"]);
  });

  it("commits to its outputs on an input of its own, after those of the samples", async () => {
    world = await createWorld();
    const rerun = (await run())[1]!;
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

  it("abstains where it could not run that input, as it could show nothing if it were asked", async () => {
    const isOfLeaf = (set: readonly Tensor[]) =>
      world.deps.store.leaves
        .of({ epoch: EPOCH, provider: PROVIDER, modelId: toyId, role: ROLE_RERUN })
        .some(({ inputs }) => Buffer.compare(inputs, encodeTensors(set)) === 0);
    const native: Rerunner["native"] = async (_id, sets) =>
      sets.map((set) => (isOfLeaf(set) ? toyRun(set) : new Error("the process was killed")));
    world = await createWorld({ deps: { rerunner: { ...toyRerunner, native } } });
    const rows = await run();
    expect(errors()).to.deep.equal([]);
    expect(ends(rows)).to.deep.equal([
      ["done", null],
      ["done", "NO_OWN_INPUT"],
    ]);
    expect(verdicts(rows[1]!)).to.deep.equal(["grey"]);
    expect(shown(1).map(({ dataRoot }) => dataRoot)).to.deep.equal([zeroHash]);
  });
});
