import { SimpleMerkleTree } from "@openzeppelin/merkle-tree";
import {
  askedReceipts,
  type DemandProfile,
  type ProbeReport,
  probeLeaf,
  probesFor,
  probesPerSeat,
  type Receipt,
  ROLE_PROBE,
  receiptDomain,
  receiptStructHash,
  signReceipt,
  unpackProbeReport,
} from "@surety/protocol";
import { type Address, type Hex, zeroAddress } from "viem";
import { bytesOf, chanceOf } from "./chance.ts";
import { HONEST_PROVIDER, inSpell } from "./conduct.ts";
import { TERMS } from "./terms.ts";
import {
  accountOf,
  eventsOf,
  FIRST,
  identityAt,
  type ProbeSeat,
  type Provider,
  read,
  send,
  type Verifier,
  type World,
} from "./world.ts";

/** A seat of an epoch, and the provider's address then. */
export type SeatAt = { world: World; provider: Provider; epoch: bigint; seat: number; address: Address };

/** Probes of a seat. */
const ASKED = probesPerSeat(probesFor(TERMS.target));

/** Probes that a verifier really sends as a seat. */
export const sentBy = ({ conduct }: Verifier): number =>
  ({ sent: ASKED, claimed: 0, repeated: 1, failed: 0 })[conduct.probes];

/** Probes at times drawn like demand, each answered in time or late; who sends none claims what it likes. */
export function probeReport(
  { world, provider, epoch, seat }: SeatAt,
  verifier: Verifier,
  profile: DemandProfile,
): ProbeReport {
  const { probes } = verifier.conduct;
  const answered = probes === "failed" ? 0 : ASKED;
  const report = { probes: ASKED, answered, timely: 0, peakProbes: 0, peakTimely: 0, atCapacity: 0 };
  const bad = inSpell(provider.conduct, Number(epoch - FIRST));
  const { lateAtPeak, lateElsewhere } = bad ? provider.conduct : HONEST_PROVIDER;
  for (let i = 0; i < ASKED; i++) {
    const key = [provider.number, epoch, seat, i] as const;
    const slot = slotAt(profile, chanceOf(world.seed, "probe time", ...key));
    const late = TERMS.late + (TERMS.peakSlots.includes(slot) ? lateAtPeak : lateElsewhere);
    const inTime = probes !== "sent" || chanceOf(world.seed, "probe", ...key) >= late;
    const timely = inTime && probes !== "failed";
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

/** The receipts that a seat counts, by number; null if it was sent none. */
export function receiptsOf(at: SeatAt, verifier: Verifier): Receipt[] | null {
  const sent = sentBy(verifier);
  if (sent === 0) return null;
  return Array.from({ length: ASKED }, (_, i) => receiptAt(at, i % sent));
}

function receiptAt({ world, provider, epoch, seat, address }: SeatAt, i: number): Receipt {
  const key = [provider.number, epoch, seat, i] as const;
  return {
    provider: address,
    modelId: world.modelId,
    epoch,
    // Beyond the requests of users, whose leaves alone are played.
    seq: 100_000 + 100 * seat + i,
    slot: 0,
    client: zeroAddress,
    inputHash: bytesOf(world.seed, "probe input", ...key),
    outputHash: bytesOf(world.seed, "probe output", ...key),
    units: 1,
    servedAtMs: 0n,
    latencyMs: 0,
  };
}

/** The tree of a seat's receipts; unlike the protocol's it takes one receipt under many numbers. */
export function treeOf(receipts: readonly Receipt[]): { root: Hex; proof(i: number): Hex[] } {
  const leaves = receipts.map((receipt, i) => probeLeaf(i, receiptStructHash(receipt)));
  const tree = SimpleMerkleTree.of(leaves, { sortLeaves: true });
  return { root: tree.root as Hex, proof: (i) => tree.getProof(i) as Hex[] };
}

/** The receipts that the seed just drawn asks of the last epoch's probe seats are demanded, and shown by whoever has them. */
export async function askReceipts(world: World, epoch: bigint): Promise<void> {
  for (const one of world.probes.splice(0)) {
    if (one.epoch !== epoch - 1n) continue;
    const [seed] = await read<[Hex, bigint]>(world, "HeaderBeacon", "seedOf", epoch);
    const { provider, modelId } = { provider: identityAt(one.provider, one.epoch)!.address, modelId: world.modelId };
    const asked = askedReceipts({ seed, provider, modelId, seat: one.seat }, unpackProbeReport(one.report).answered);
    for (const i of asked) await askReceipt(world, one, i);
    const [i, k] = asked;
    if (i === undefined || k === undefined || !one.receipts) continue;
    const receiptHash = receiptStructHash(one.receipts[i]!);
    if (receiptHash !== receiptStructHash(one.receipts[k]!)) continue;
    const { proof } = treeOf(one.receipts);
    const args = [attestedOf(world, one), receiptHash, i, proof(i), k, proof(k)];
    await send(world, world.watcher, "Faults", "repeatedReceipt", args);
    world.counts.refuted++;
  }
}

async function askReceipt(world: World, one: ProbeSeat, i: number): Promise<void> {
  const made = await send(world, world.watcher, "Demands", "demandProbe", [attestedOf(world, one), i]);
  const id = eventsOf(world, made, "Demands", "Demanded")[0]!.id as Hex;
  if (!one.receipts) return void world.unanswered.push(id);
  const receipt = one.receipts[i]!;
  const { operator } = identityAt(one.provider, one.epoch)!;
  const domain = receiptDomain({ chainId: world.chain.id, receiptLog: world.contracts.ReceiptLog! });
  const signature = await signReceipt(receipt, domain, operator);
  await send(world, one.verifier, "Demands", "answerProbe", [id, receipt, signature, treeOf(one.receipts).proof(i)]);
}

/** A revealed seat's probes as the court takes them. */
function attestedOf({ modelId }: World, { provider, epoch, seat, verifier, dataRoot, salt, proof }: ProbeSeat) {
  const address = identityAt(provider, epoch)!.address;
  return {
    provider: address,
    modelId,
    epoch,
    role: ROLE_PROBE,
    seat,
    verifier: accountOf(verifier),
    dataRoot,
    salt,
    proof,
  };
}
