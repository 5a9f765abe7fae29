import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { ownDraw, ROLE_RERUN } from "@surety/protocol";
import { type Hex, sha256 } from "viem";
import { ownRun, runsItself } from "./attest.ts";
import { chanceOf } from "./chance.ts";
import { proofOf } from "./log.ts";
import { sampledSeqs } from "./samples.ts";
import { TERMS, WINDOWS } from "./terms.ts";
import {
  type Actor,
  accountOf,
  eventsOf,
  identityAt,
  logOf,
  type Rerun,
  read,
  send,
  timesOf,
  type World,
} from "./world.ts";

/**
 * The watcher demands the own outputs of one sample, or of the seat's own input, from some of the seats that judged. Who
 * shows them takes its bond. What it shows may refute its verdict; what the model does not give is taken to a jury, which
 * nobody who made it up calls.
 */
export async function audit(world: World, epoch: bigint): Promise<void> {
  const unanswered: Hex[] = [];
  for (const rerun of world.reruns) {
    const key = [rerun.verifier.number, rerun.provider.number, epoch] as const;
    if (chanceOf(world.seed, "audit", ...key) >= TERMS.audit) continue;
    const decided = rerun.verdicts.flatMap((verdict, j) => (verdict === "match" || verdict === "mismatch" ? [j] : []));
    if (await owes(world, rerun)) decided.push(...Array<number>(decided.length).fill(rerun.verdicts.length));
    const j = decided[Math.floor(chanceOf(world.seed, "audited sample", ...key) * decided.length)];
    if (j === undefined) continue;
    const id = await demandOutputs(world, world.watcher, rerun, j);
    if (rerun.outputs === null) unanswered.push(id);
    else if (!(await refute(world, rerun, j))) await contradict(world, rerun, j);
  }
  if (unanswered.length === 0) return;
  world.unanswered.push(...unanswered);
  world.chain.at(timesOf(world, epoch).revealEnd + WINDOWS.answerWindow + 2n);
  await failDemands(world);
}

/** Demands a seat's own outputs of a sample; the seat shows them if it has any. @returns the demand */
export async function demandOutputs(world: World, by: Actor, rerun: Rerun, j: number): Promise<Hex> {
  const receipt = await send(world, by, "Demands", "demandOutputs", [rerunOf(world, rerun), j]);
  const id = eventsOf(world, receipt, "Demands", "Demanded")[0]!.id as Hex;
  const own = rerun.outputs?.[j];
  if (own)
    await send(world, rerun.verifier, "Demands", "answerOutputs", [id, own.native, own.wasm, ownProof(rerun, j)]);
  return id;
}

/** Ends demands that nobody answered in time. */
export async function failDemands(world: World): Promise<void> {
  for (const id of world.unanswered.splice(0)) {
    await send(world, world.watcher, "Demands", "fail", [id]);
    world.counts.unshown++;
  }
}

/** Whether a seat judged both samples that its own input is mixed from, and so owes the outputs. */
async function owes(world: World, { provider, epoch, seat, verdicts }: Rerun): Promise<boolean> {
  const [seed] = await read<[Hex, bigint]>(world, "HeaderBeacon", "seedOf", epoch);
  const own = { seed, provider: identityAt(provider, epoch)!.address, modelId: world.modelId, role: ROLE_RERUN, seat };
  const { i, k } = ownDraw(own, verdicts.length);
  return [i, k].every((j) => verdicts[j] === "match" || verdicts[j] === "mismatch");
}

/** Opens a case about outputs that the model does not give; the watcher has run it. */
async function contradict(world: World, rerun: Rerun, j: number): Promise<void> {
  const { provider, verifier, epoch, seat } = rerun;
  world.watcher.cost += TERMS.rerunCost;
  const seqs = await sampledSeqs(world, provider, epoch);
  const { native, wasm } =
    j < seqs.length ? logOf(world, provider, epoch)!.leaves[seqs[j]!]!.honest : ownRun(world, provider, epoch, seat);
  if (rerun.outputs![j]!.native === native && rerun.outputs![j]!.wasm === wasm) return;
  const about = [identityAt(provider, epoch)!.address, world.modelId, epoch, ROLE_RERUN, seat, j];
  const receipt = await send(world, world.watcher, "SeatCases", "open", about);
  world.seatCases.push(eventsOf(world, receipt, "SeatCases", "SeatCaseOpened")[0]!.id as Hex);
  if (runsItself(verifier, provider)) throw new Error(`${verifier.name} ran the model and is accused`);
}

/** Cases about seats end: whoever made its outputs up has not answered. */
export async function closeSeatCases(world: World): Promise<void> {
  for (const id of world.seatCases.splice(0)) {
    await send(world, world.watcher, "SeatCases", "close", [id]);
    world.counts.contradicted++;
  }
}

/** Proves that hashes alone contradict a verdict, where they do. @returns whether they did */
async function refute(world: World, rerun: Rerun, j: number): Promise<boolean> {
  if (j >= rerun.verdicts.length) return false;
  const { provider, epoch } = rerun;
  const log = logOf(world, provider, epoch)!;
  const seq = (await sampledSeqs(world, provider, epoch))[j]!;
  const { salt, outputs } = log.leaves[seq]!;
  const [opened, native, wasm] = [outputs, rerun.outputs![j]!.native, rerun.outputs![j]!.wasm].map((one) =>
    sha256(one),
  );
  const verdict = rerun.verdicts[j];
  const equal = opened === native && opened === wasm;
  const other = opened !== native && opened !== wasm;
  if (!(verdict === "mismatch" && equal) && !(verdict === "match" && other && world.exact)) return false;
  const proofs = [ownProof(rerun, j), proofOf(log, seq)];
  const args = [rerunOf(world, rerun), j, native, wasm, ...proofs, salt, opened];
  await send(world, world.watcher, "Faults", "refutedVerdict", args);
  world.counts.refuted++;
  return true;
}

/** A revealed re-run as the court takes it. */
function rerunOf({ modelId }: World, { provider, epoch, seat, verifier, dataRoot, salt, proof }: Rerun) {
  const address = identityAt(provider, epoch)!.address;
  return {
    provider: address,
    modelId,
    epoch,
    role: ROLE_RERUN,
    seat,
    verifier: accountOf(verifier),
    dataRoot,
    salt,
    proof,
  };
}

const trees = new Map<Hex, StandardMerkleTree<unknown[]>>();

/** Path of a sample's own outputs to the re-run's data root. */
function ownProof({ dataRoot, outputs }: Rerun, j: number): Hex[] {
  const leaves = () => outputs!.map(({ native, wasm }, i) => [i, sha256(native), sha256(wasm)]);
  const tree = trees.get(dataRoot) ?? StandardMerkleTree.of<unknown[]>(leaves(), ["uint8", "bytes32", "bytes32"]);
  trees.set(dataRoot, tree);
  return tree.getProof(j) as Hex[];
}
