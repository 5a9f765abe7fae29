import { ROLE_RERUN } from "@surety/protocol";
import type { Hex } from "viem";
import { openingOf, proofOf } from "./log.ts";
import { sampledSeqs } from "./samples.ts";
import { TERMS, tokens, WINDOWS } from "./terms.ts";
import {
  type Actor,
  type Case,
  eventsOf,
  identityAt,
  logOf,
  type Provider,
  read,
  send,
  timesOf,
  type World,
} from "./world.ts";

/** What closing a free case may cost in gas before the watcher leaves it. */
const CLOSING = 0.1;

/** Notes the free cases of a settled epoch; providers take them to a jury, each by its conduct. */
export async function openFree(world: World, epoch: bigint): Promise<void> {
  for (const provider of world.providers) {
    const address = identityAt(provider, epoch)?.address;
    if (!address) continue;
    const bits = BigInt(
      await read<number | bigint>(world, "AttestationHub", "mismatchesOf", address, world.modelId, epoch),
    );
    const seqs = bits === 0n ? [] : await sampledSeqs(world, provider, epoch);
    const wrong = new Set(seqs.filter((_, j) => (bits >> BigInt(j)) & 1n));
    for (const seq of wrong) {
      const id = await read<Hex>(world, "DisputeCourt", "caseId", address, world.modelId, epoch, seq);
      const accusers = world.reruns
        .filter(
          (rerun) => rerun.provider === provider && seqs.some((s, j) => s === seq && rerun.verdicts[j] === "mismatch"),
        )
        .map(({ seat }) => seat);
      const found: Case = { id, provider, epoch, seq, challenger: null, state: "undefended", accusers, ballots: [] };
      world.cases.push(found);
      await defend(world, found);
    }
  }
}

/**
 * The watcher re-runs what seats disagree about, and opens a bonded case where it finds a mismatch that no majority saw.
 */
export async function openBonded(world: World, epoch: bigint): Promise<void> {
  for (const provider of world.providers) {
    const log = logOf(world, provider, epoch);
    const seqs = await sampledSeqs(world, provider, epoch);
    const reruns = world.reruns.filter((rerun) => rerun.provider === provider);
    const doubted = new Set(seqs.filter((_, j) => reruns.some(({ verdicts }) => verdicts[j] === "mismatch")));
    for (const seq of doubted) {
      if (world.cases.some((one) => one.provider === provider && one.epoch === epoch && one.seq === seq)) continue;
      world.watcher.cost += TERMS.rerunCost;
      if (log!.leaves[seq]!.finding === "mismatch") await openCase(world, world.watcher, provider, epoch, seq);
    }
  }
}

/** Opens a bonded case about a leaf; the provider answers by its conduct. */
export async function openCase(world: World, by: Actor, provider: Provider, epoch: bigint, seq: number): Promise<void> {
  const receipt = await send(world, by, "DisputeCourt", "open", [proofOf(logOf(world, provider, epoch)!, seq)]);
  const id = eventsOf(world, receipt, "DisputeCourt", "CaseOpened")[0]!.id as Hex;
  const opened: Case = { id, provider, epoch, seq, challenger: by, state: "undefended", accusers: [], ballots: [] };
  world.cases.push(opened);
  await defend(world, opened);
}

async function defend(world: World, found: Case): Promise<void> {
  const { provider, epoch, seq } = found;
  const log = logOf(world, provider, epoch)!;
  const innocent = log.leaves[seq]!.finding !== "mismatch";
  if (!innocent && provider.conduct.defends !== "always") return;
  await send(world, provider, "DisputeCourt", "callJury", [proofOf(log, seq), openingOf(log, seq)]);
  found.state = "called";
}

/** Bonded cases that the provider left unanswered are confirmed. */
export async function closeUnanswered(world: World): Promise<void> {
  const open = world.cases.filter(({ challenger, state }) => challenger !== null && state === "undefended");
  for (const one of open) await close(world, one, one.challenger!, "close", [one.id]);
}

/** Free cases that nobody defended and whose epoch can no longer be disputed. */
export const overdueFree = (world: World): Case[] =>
  world.cases.filter(
    ({ challenger, state, epoch }) =>
      challenger === null && state === "undefended" && timesOf(world, epoch).disputeEnd <= world.chain.now,
  );

/** Free cases that nobody defended are confirmed once their epoch can no longer be disputed. */
export async function closeFree(world: World): Promise<void> {
  for (const one of overdueFree(world)) {
    const address = identityAt(one.provider, one.epoch)!.address;
    const slashable = tokens(await read<bigint>(world, "StakePool", "slashableNow", address));
    // A fifth of five per cent is the watcher's: for less than its gas it closes nothing.
    if (slashable / 100 < CLOSING) world.cases.splice(world.cases.indexOf(one), 1);
    else
      await close(world, one, world.watcher, "closeFree", [proofOf(logOf(world, one.provider, one.epoch)!, one.seq)]);
  }
}

/** Cases that a jury has judged end, and its jurors are paid. */
export async function closeTried(world: World): Promise<void> {
  for (const one of world.cases.filter(({ state }) => state === "committed")) {
    const end = await close(world, one, one.challenger ?? world.watcher, "close", [one.id]);
    if (end === "acquitted") await refuteAccusers(world, one);
    if ((await read<bigint>(world, "DisputeCourt", "perJuror", one.id)) === 0n) continue;
    for (const { juror } of one.ballots) {
      await send(world, juror, "DisputeCourt", "payJuror", [one.id, juror.accounts[0]]);
    }
  }
}

/** Seats that called a leaf wrong lose a share if the jury is as sure of the contrary. */
async function refuteAccusers(world: World, { id, accusers }: Case): Promise<void> {
  if (accusers.length === 0) return;
  const { acquittals } = await read<{ acquittals: number }>(world, "Juries", "juryOf", id);
  if (acquittals < world.jury.votes) return;
  for (const seat of accusers) {
    await send(world, world.watcher, "DisputeCourt", "refuteAccuser", [id, ROLE_RERUN, seat]);
    world.counts.accusers++;
  }
}

/** What `CaseClosed` says of the end. */
const STATES = { 3: "confirmed", 4: "acquitted", 5: "mistrials" } as const;
type End = (typeof STATES)[keyof typeof STATES];

async function close(world: World, one: Case, by: Actor, fn: string, args: unknown[]): Promise<End> {
  const receipt = await send(world, by, "DisputeCourt", fn, args);
  const state = Number(eventsOf(world, receipt, "DisputeCourt", "CaseClosed")[0]!.state);
  const end = STATES[state as keyof typeof STATES];
  world.counts[end]++;
  world.cases.splice(world.cases.indexOf(one), 1);
  return end;
}

/** Lets the answers' window pass. */
export const afterAnswers = (world: World, epoch: bigint): bigint =>
  timesOf(world, epoch).revealEnd + 2n * WINDOWS.answerWindow + 6n;
