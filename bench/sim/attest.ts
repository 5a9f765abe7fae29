import {
  type Assignment,
  assignmentTree,
  commitment,
  type DemandProfile,
  demandProfile,
  type ProbeReport,
  packProbeReport,
  packRerunReport,
  probesFor,
  probesPerSeat,
  ROLE_PROBE,
  ROLE_RERUN,
  rerunDataRoot,
  type SampleVerdict,
} from "@surety/protocol";
import { type Address, type Hex, isAddressEqual, sha256, zeroHash } from "viem";
import { bytesOf, chanceOf } from "./chance.ts";
import { HONEST_PROVIDER, inSpell } from "./conduct.ts";
import { type Leaf, type Outputs, run } from "./log.ts";
import { sampledLeaves } from "./samples.ts";
import { TERMS } from "./terms.ts";
import {
  accountOf,
  FIRST,
  identityAt,
  type Provider,
  type Rerun,
  read,
  send,
  type Verifier,
  type World,
} from "./world.ts";

type Task = { provider: Provider; role: number; seat: number; report: bigint; assignment: Assignment };
/** What a verifier has committed to and must reveal. */
type Duty = { verifier: Verifier; tasks: Task[]; reruns: Rerun[] };

const duties = new WeakMap<World, Duty[]>();

/** Every verifier that sits works on its seats, each in its own way, and commits to all of them at once. */
export async function commit(world: World, epoch: bigint): Promise<void> {
  const found: Duty[] = world.verifiers.map((verifier) => ({ verifier, tasks: [], reruns: [] }));
  const profile = demandProfile(world.demand, epoch);
  for (const provider of world.providers) {
    const identity = identityAt(provider, epoch);
    if (!identity) continue;
    for (const role of [ROLE_PROBE, ROLE_RERUN]) {
      const seats = await read<Address[]>(
        world,
        "AttestationHub",
        "seatsOf",
        identity.address,
        world.modelId,
        epoch,
        role,
      );
      const leaves = role === ROLE_RERUN ? await sampledLeaves(world, provider, epoch) : [];
      if (role === ROLE_RERUN && leaves.length === 0) continue;
      for (const [seat, address] of seats.entries()) {
        const duty = found.find(({ verifier }) => isAddressEqual(accountOf(verifier), address));
        if (!duty) continue;
        const at = { world, provider, epoch, seat, address: identity.address };
        if (role === ROLE_PROBE) duty.tasks.push(probe(at, duty.verifier, profile));
        else rerun(at, duty, leaves);
      }
    }
  }
  duties.set(world, found);
  for (const { verifier, tasks, reruns } of found) {
    verifier.cost += TERMS.ticket * TERMS.tickets * TERMS.capitalRate;
    if (tasks.length === 0) continue;
    const tree = assignmentTree(tasks.map(({ assignment }) => assignment));
    for (const one of reruns) {
      one.proof = tree.proof(tasks.findIndex(({ provider, role }) => provider === one.provider && role === ROLE_RERUN));
    }
    const hub = world.contracts.AttestationHub!;
    const hash = commitment({ hub, epoch, round: 0, sender: accountOf(verifier), root: tree.root });
    await send(world, verifier, "AttestationHub", "commit", [epoch, hash]);
  }
}

/** Everybody who committed reveals. */
export async function reveal(world: World, epoch: bigint): Promise<void> {
  world.reruns = [];
  for (const { verifier, tasks, reruns } of duties.get(world) ?? []) {
    if (tasks.length === 0) continue;
    const tree = assignmentTree(tasks.map(({ assignment }) => assignment));
    const items = tasks.map(({ role, seat, report, assignment }, i) => {
      const { provider, modelId, dataRoot, salt } = assignment;
      return { role, provider, modelId, seat, report, dataRoot, salt, proof: tree.proof(i) };
    });
    await send(world, verifier, "AttestationHub", "reveal", [epoch, items]);
    world.reruns.push(...reruns);
  }
}

type At = { world: World; provider: Provider; epoch: bigint; seat: number; address: Address };

const saltOf = ({ world, provider, epoch }: At, verifier: Verifier, role: number): Hex =>
  bytesOf(world.seed, "salt", verifier.number, provider.number, epoch, role);

/* PROBES */

function probe(at: At, verifier: Verifier, profile: DemandProfile): Task {
  const { world, provider, seat, address } = at;
  const report = packProbeReport(probeReport(at, verifier, profile));
  if (verifier.conduct.probes === "sent") verifier.cost += TERMS.probeCost * probesPerSeat(probesFor(TERMS.target));
  const salt = saltOf(at, verifier, ROLE_PROBE);
  // Receipts of probes decide nothing on chain: no demand asks for them.
  const dataRoot = bytesOf(world.seed, "receipts", verifier.number, provider.number, at.epoch);
  const assignment = { role: ROLE_PROBE, provider: address, modelId: world.modelId, report, dataRoot, salt };
  return { provider, role: ROLE_PROBE, seat, report, assignment };
}

/** Probes at times drawn like demand, each answered in time or late; who sends none claims that all were in time. */
function probeReport({ world, provider, epoch, seat }: At, verifier: Verifier, profile: DemandProfile): ProbeReport {
  const probes = probesPerSeat(probesFor(TERMS.target));
  const report = { probes, answered: probes, timely: 0, peakProbes: 0, peakTimely: 0, atCapacity: 0 };
  const bad = inSpell(provider.conduct, Number(epoch - FIRST));
  const { lateAtPeak, lateElsewhere } = bad ? provider.conduct : HONEST_PROVIDER;
  for (let i = 0; i < probes; i++) {
    const key = [provider.number, epoch, seat, i] as const;
    const slot = slotAt(profile, chanceOf(world.seed, "probe time", ...key));
    const late = TERMS.late + (TERMS.peakSlots.includes(slot) ? lateAtPeak : lateElsewhere);
    const timely = verifier.conduct.probes === "claimed" || chanceOf(world.seed, "probe", ...key) >= late;
    const peak = profile.peak.includes(slot);
    if (timely) report.timely++;
    if (peak) report.peakProbes++;
    if (peak && timely) report.peakTimely++;
  }
  return report;
}

function slotAt({ weights, total }: DemandProfile, drawn: number): number {
  let cumulated = 0;
  for (const [slot, weight] of weights.entries()) {
    cumulated += Number(weight) / Number(total);
    if (drawn < cumulated) return slot;
  }
  return weights.length - 1;
}

/* RE-RUNS */

function rerun(at: At, duty: Duty, leaves: Leaf[]): void {
  const { world, provider, epoch, seat, address } = at;
  const { verifier } = duty;
  const verdicts = leaves.map((leaf) => verdictOf(verifier, provider, leaf));
  const outputs = outputsOf(at, verifier, leaves);
  if (runsItself(verifier, provider)) verifier.cost += TERMS.rerunCost * (leaves.length + 1);
  // Who shows nothing commits to a root all the same; zero would say that no inputs came.
  const dataRoot = outputs ? dataRootOf(outputs) : bytesOf(world.seed, "no outputs", verifier.number, epoch);
  const salt = saltOf(at, verifier, ROLE_RERUN);
  const report = packRerunReport({ n: leaves.length, verdicts, panel: panelOf(verdicts) });
  const assignment = { role: ROLE_RERUN, provider: address, modelId: world.modelId, report: 0n, dataRoot, salt };
  duty.tasks.push({ provider, role: ROLE_RERUN, seat, report, assignment });
  duty.reruns.push({ verifier, provider, epoch, seat, verdicts, outputs, dataRoot, salt, proof: [zeroHash] });
}

const roots = new Map<string, Hex>();

/** Root over own outputs; seats that run the same samples find the same, so it is made once. */
function dataRootOf(outputs: Outputs[]): Hex {
  const key = outputs.map(({ native, wasm }) => native + wasm).join();
  const items = () => outputs.map(({ native, wasm }, j) => ({ j, nativeHash: sha256(native), wasmHash: sha256(wasm) }));
  const root = roots.get(key) ?? rerunDataRoot(items());
  roots.set(key, root);
  return root;
}

/** What a run of a seat's own input gives. */
export const ownRun = (world: World, provider: Provider, epoch: bigint, seat: number): Outputs =>
  run(bytesOf(world.seed, "own input", provider.number, epoch, seat), world.seed, world.exact);

/** Whether a verifier runs the samples of a provider itself. */
export const runsItself = ({ conduct }: Verifier, provider: Provider): boolean =>
  conduct.outputs === "run" || (conduct.outputs === "leaked" && conduct.friend !== provider.number);

function verdictOf({ conduct }: Verifier, provider: Provider, leaf: Leaf): SampleVerdict {
  const says = conduct.says[provider.number] ?? conduct.otherwise;
  return says === "truth" ? leaf.finding : says;
}

/** Own outputs by sample, and last those of the seat's own input, which no provider can leak. */
function outputsOf({ world, provider, epoch, seat }: At, verifier: Verifier, leaves: Leaf[]): Outputs[] | null {
  if (runsItself(verifier, provider)) {
    return [...leaves.map(({ honest }) => honest), ownRun(world, provider, epoch, seat)];
  }
  if (verifier.conduct.outputs === "none") return null;
  const invented = (j: number): Outputs => {
    const bytes = bytesOf(world.seed, "made up", verifier.number, provider.number, epoch, j);
    return { native: bytes, wasm: bytes };
  };
  const leaks = verifier.conduct.outputs === "leaked";
  const shown = leaves.map(({ leaked }, j) => (leaks ? leaked : invented(j)));
  return [...shown, invented(leaves.length)];
}

/** 1 pass, 2 fail: a panel fails where single findings already abound. */
function panelOf(verdicts: SampleVerdict[]): 1 | 2 {
  const odd = verdicts.filter((verdict) => verdict === "mismatch" || verdict === "grey").length;
  return odd >= TERMS.panelShare * verdicts.length ? 2 : 1;
}
