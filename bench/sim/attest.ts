import {
  type Assignment,
  assignmentTree,
  commitment,
  type DemandProfile,
  demandProfile,
  packProbeReport,
  packRerunReport,
  ROLE_PROBE,
  ROLE_RERUN,
  rerunDataRoot,
  type SampleVerdict,
} from "@surety/protocol";
import { type Address, type Hex, isAddressEqual, sha256, zeroHash } from "viem";
import { bytesOf } from "./chance.ts";
import { type Leaf, type Outputs, run } from "./log.ts";
import { probeReport, receiptsOf, type SeatAt, sentBy, treeOf } from "./probes.ts";
import { sampledLeaves } from "./samples.ts";
import { TERMS } from "./terms.ts";
import {
  accountOf,
  identityAt,
  type ProbeSeat,
  type Provider,
  type Rerun,
  read,
  send,
  type Verifier,
  type World,
} from "./world.ts";

type Task = { provider: Provider; role: number; seat: number; report: bigint; assignment: Assignment };
/** What a verifier has committed to and must reveal. */
type Duty = { verifier: Verifier; tasks: Task[]; reruns: Rerun[]; probes: ProbeSeat[] };

const duties = new WeakMap<World, Duty[]>();

/** Every verifier that sits works on its seats, each in its own way, and commits to all of them at once. */
export async function commit(world: World, epoch: bigint): Promise<void> {
  const found: Duty[] = world.verifiers.map((verifier) => ({ verifier, tasks: [], reruns: [], probes: [] }));
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
        if (role === ROLE_PROBE) probe(at, duty, profile);
        else rerun(at, duty, leaves);
      }
    }
  }
  duties.set(world, found);
  for (const { verifier, tasks, reruns, probes } of found) {
    verifier.cost += TERMS.ticket * TERMS.tickets * TERMS.capitalRate;
    if (tasks.length === 0) continue;
    const tree = assignmentTree(tasks.map(({ assignment }) => assignment));
    const pathOf = (of: Provider, as: number) =>
      tree.proof(tasks.findIndex(({ provider, role }) => provider === of && role === as));
    for (const one of reruns) one.proof = pathOf(one.provider, ROLE_RERUN);
    for (const one of probes) one.proof = pathOf(one.provider, ROLE_PROBE);
    const hub = world.contracts.AttestationHub!;
    const hash = commitment({ hub, epoch, round: 0, sender: accountOf(verifier), root: tree.root });
    await send(world, verifier, "AttestationHub", "commit", [epoch, hash]);
  }
}

/** Everybody who committed reveals. */
export async function reveal(world: World, epoch: bigint): Promise<void> {
  world.reruns = [];
  world.probes = [];
  for (const { verifier, tasks, reruns, probes } of duties.get(world) ?? []) {
    if (tasks.length === 0) continue;
    const tree = assignmentTree(tasks.map(({ assignment }) => assignment));
    const { order, proof, flags } = tree.open([...tasks.keys()]);
    const items = order.map((i) => {
      const { role, seat, report, assignment } = tasks[i]!;
      const { provider, modelId, dataRoot, salt } = assignment;
      return { role, provider, modelId, seat, report, dataRoot, salt };
    });
    await send(world, verifier, "AttestationHub", "reveal", [epoch, items, proof, flags]);
    world.reruns.push(...reruns);
    world.probes.push(...probes);
  }
}

const saltOf = ({ world, provider, epoch }: SeatAt, verifier: Verifier, role: number): Hex =>
  bytesOf(world.seed, "salt", verifier.number, provider.number, epoch, role);

/** A seat's probes, and the receipts that it counts. */
function probe(at: SeatAt, duty: Duty, profile: DemandProfile): void {
  const { world, provider, epoch, seat, address } = at;
  const { verifier } = duty;
  const report = packProbeReport(probeReport(at, verifier, profile));
  verifier.cost += TERMS.probeCost * sentBy(verifier);
  const receipts = receiptsOf(at, verifier);
  // Who has no receipts commits to a root all the same.
  const dataRoot = receipts ? treeOf(receipts).root : bytesOf(world.seed, "no receipts", verifier.number, epoch, seat);
  const salt = saltOf(at, verifier, ROLE_PROBE);
  const assignment = { role: ROLE_PROBE, provider: address, modelId: world.modelId, report, dataRoot, salt };
  duty.tasks.push({ provider, role: ROLE_PROBE, seat, report, assignment });
  duty.probes.push({ verifier, provider, epoch, seat, report, receipts, dataRoot, salt, proof: [zeroHash] });
}

/* RE-RUNS */

function rerun(at: SeatAt, duty: Duty, leaves: Leaf[]): void {
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
function outputsOf({ world, provider, epoch, seat }: SeatAt, verifier: Verifier, leaves: Leaf[]): Outputs[] | null {
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
