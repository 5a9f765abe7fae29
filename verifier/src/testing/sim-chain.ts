import {
  assignmentLeaf,
  checkProbeReport,
  commitment,
  type Clock as EpochClock,
  epochAt,
  epochSeed,
  judgeSamples,
  openedPaths,
  REDRAW_SEATS,
  ROLE_PROBE,
  ROLE_REDRAW,
  ROLE_RERUN,
  SEATS,
  unpackProbeReport,
  unpackRerunReport,
  type Windows,
} from "@surety/protocol";
import { type Address, concatHex, fromRlp, type Hex, keccak256 } from "viem";
import { type Round, roundOf, roundTimes } from "../deadlines.ts";
import type { Call, Clock, DrawCall, Now, OpeningArgs, Outcome, RevealArgs, Revert, Sender } from "../ports.ts";
import { probesOf } from "../schedule/duties.ts";
import { createHeaderDraw } from "../settle/header-draw.ts";
import type { Role } from "../store/index.ts";
import type { ChainEvent } from "../watch/events.ts";
import { createFacts, type Facts } from "../watch/facts.ts";
import { needsRedraw, revealsEnd } from "../watch/redraw.ts";
import type { Watch } from "../watch/watch.ts";
import { BLOCKS_PER_SECOND, simBlock } from "./sim-blocks.ts";

export const HUB: Address = "0x00000000000000000000000000000000000000a1";
export const RECEIPTS: Address = "0x00000000000000000000000000000000000000c1";
export const CHAIN_ID = 31337;

/** A chain in memory that keeps the rules a verifier can break: windows, one commitment, openings of it, order. For tests. */
export type SimChain = {
  epochs: EpochClock;
  facts(): Facts;
  events: readonly ChainEvent[];
  emit(event: Omit<ChainEvent, "timestamp" | "block">): void;
  /** Takes events back, as a reorganisation does: the facts are built again from the others. */
  drop(isDropped: (event: ChainEvent) => boolean): void;
  now(): Now;
  /** Everything that was sent, refused or not. */
  sent: { from: Address; what: string; args: readonly unknown[]; refused: string | null }[];
  send(from: Address, call: Call): Outcome;
};

/** Makes a chain whose time is the clock's. */
export function createSimChain(epochs: EpochClock, windows: Windows, clock: Clock): SimChain {
  let facts = createFacts(epochs, windows);
  const events: ChainEvent[] = [];
  const sent: SimChain["sent"] = [];
  const second = () => BigInt(Math.floor(clock.now() / 1000));
  const now = (): Now => {
    const head = { number: (second() - epochs.genesis) * BLOCKS_PER_SECOND, timestamp: second() };
    return { head, seen: head.timestamp, epoch: epochAt(epochs, head.timestamp) };
  };
  const emit: SimChain["emit"] = (event) => {
    const whole = { ...event, timestamp: second(), block: now().head.number } as ChainEvent;
    events.push(whole);
    facts.apply(whole);
  };

  const window = (from: bigint, until: bigint): void => {
    if (second() < from || second() >= until) throw revert("AttestationHubWrongTime", { have: second(), from, until });
  };

  /** The round whose windows are next, as the hub tells it. */
  const roundNow = (epoch: bigint): Round => (second() < facts.times(epoch).revealEnd ? 0 : 1);

  const commit = (from: Address, epoch: bigint, hash: Hex): (() => void) => {
    const round = roundNow(epoch);
    const { openEnd, commitEnd } = roundTimes(facts.times(epoch), round);
    window(openEnd, commitEnd);
    if (facts.commitmentOf(epoch, from, round)) throw revert("AttestationHubCommitted", { epoch, round });
    return () => emit({ eventName: "Committed", args: { epoch, verifier: from, round, commitment: hash } } as never);
  };

  const reveal = (from: Address, ...[epoch, reveals, proof, flags]: OpeningArgs): (() => void) => {
    const round = roundNow(epoch);
    const { outputEnd, revealEnd } = roundTimes(facts.times(epoch), round);
    window(outputEnd, revealEnd);
    for (const [i, r] of reveals.entries()) {
      const provider = r.provider.toLowerCase() as Address;
      const { modelId, role, seat } = r;
      if (roundOf(role as Role) !== round) throw revert("AttestationHubNoSuchSeat", { index: BigInt(i), role, seat });
      if (round === 1 && !needsRedraw(facts, { provider, modelId, epoch }))
        throw revert("AttestationHubNoRedraw", { index: BigInt(i) });
      checkReport(r, facts.promises.at(provider, modelId, epoch)!.target, facts.log(provider, modelId, epoch)?.m);
      if (facts.revealed({ ...r, provider, epoch }) !== undefined)
        throw revert("AttestationHubRevealed", { index: BigInt(i) });
    }
    const leaves = reveals.map((r) => assignmentLeaf({ ...r, report: r.role === 0 ? r.report : 0n }));
    const [path] = openedPaths(leaves, { proof, flags });
    const root = path!.reduce((a, b) => keccak256(concatHex(a < b ? [a, b] : [b, a])), leaves[0]!);
    const have = commitment({ hub: HUB, epoch, round, sender: from, root });
    const need = facts.commitmentOf(epoch, from, round);
    if (have !== need) throw revert("AttestationHubWrongOpening", { have, need });
    return () => {
      for (const r of reveals) emit({ eventName: "Revealed", args: { ...r, epoch, verifier: from } } as never);
    };
  };

  const settle = (provider: Address, modelId: Hex): (() => void) => {
    const epoch = facts.nextToSettle(provider.toLowerCase() as Address, modelId);
    if (epoch === undefined) throw revert("AttestationHubNothingToSettle");
    const record = { provider: provider.toLowerCase() as Address, modelId, epoch };
    window(revealsEnd(facts, record), 2n ** 64n);
    const m = facts.log(record.provider, modelId, epoch)?.m ?? 0;
    const redraws = needsRedraw(facts, record);
    const reports = Array<bigint | null>(redraws ? REDRAW_SEATS : SEATS).fill(null);
    for (const { seat, report } of facts.reveals({ ...record, role: redraws ? ROLE_REDRAW : ROLE_RERUN }))
      reports[seat] = report;
    const { matches, mismatches } = judgeSamples(reports, m);
    return () => emit({ eventName: "Settled", args: { provider, modelId, epoch, m, matches, mismatches } } as never);
  };

  /** Those whose turn it is not are passed over. */
  const settleAll = (records: readonly { provider: Address; modelId: Hex }[]): (() => void) => {
    const due = records.filter(({ provider, modelId }) => {
      const epoch = facts.nextToSettle(provider.toLowerCase() as Address, modelId);
      return epoch !== undefined && second() >= revealsEnd(facts, { provider, modelId, epoch });
    });
    const settled = due.map(({ provider, modelId }) => settle(provider, modelId));
    return () => {
      for (const emitSettled of settled) emitSettled();
    };
  };

  const draw = (epoch: bigint, header: Hex, parent: Hex): (() => void) => {
    if (facts.seed(epoch)) throw revert("TippedBeaconAlreadyDrawn", { epoch });
    const [block, before] = [header, parent].map((rlp) => fromRlp(rlp, "hex") as Hex[]);
    const { seedTime } = facts.times(epoch);
    if (BigInt(block![11]!) < seedTime || BigInt(before![11]!) >= seedTime) throw revert("HeaderBeaconNotFirst");
    const value = block![13]!;
    return () => emit({ eventName: "SeedDrawn", args: { epoch, seed: epochSeed(value, epoch), value } } as never);
  };

  /** What a call would do; throws what it would revert with. */
  const plan = (from: Address, call: Call): (() => void) => {
    if (call.contract !== "AttestationHub" && call.contract !== "HeaderBeacon") {
      throw new Error(`this chain has no ${call.contract}`);
    }
    if (call.functionName === "draw") return draw(...call.args);
    if (call.functionName === "commit") return commit(from, ...call.args);
    if (call.functionName === "reveal") return reveal(from, ...call.args);
    return settleAll(...call.args);
  };

  return {
    epochs,
    facts: () => facts,
    events,
    emit,
    drop(isDropped) {
      const kept = events.filter((event) => !isDropped(event));
      events.splice(0, events.length, ...kept);
      facts = createFacts(epochs, windows);
      for (const event of kept) facts.apply(event);
    },
    now,
    sent,
    send(from, call) {
      const { functionName, args } = call;
      const what = `${functionName}:${args[0]}`;
      try {
        plan(from, call)();
        sent.push({ from, what, args, refused: null });
        return { status: "confirmed" };
      } catch (error) {
        if (!(error instanceof Reverted)) throw error;
        sent.push({ from, what, args, refused: error.revert.errorName });
        return { status: "rejected", revert: error.revert };
      }
    },
  };
}

/** Refuses a report as the contract's libraries do. */
function checkReport(r: RevealArgs, target: number, m: number | undefined): void {
  if (r.role === ROLE_PROBE) checkProbeReport(unpackProbeReport(r.report), probesOf(target));
  else if (unpackRerunReport(r.report).n !== m) throw revert("ReportsSampleCountWrong");
}

class Reverted extends Error {
  readonly revert: Revert;
  constructor(revert: Revert) {
    super(revert.errorName);
    this.revert = revert;
  }
}
const revert = (errorName: string, args: Record<string, unknown> = {}): Reverted => new Reverted({ errorName, args });

/** The chain as a verifier's ports, in this process. */
export function simPorts(
  chain: SimChain,
  me: Address,
  clock: Clock,
): { watch: Watch; sender: Sender; drawCall: DrawCall } {
  return {
    watch: {
      epochs: chain.epochs,
      poll: async () => chain.now(),
      facts: chain.facts,
      chainMs: () => clock.now(),
    },
    sender: {
      send: async (call) => chain.send(me, call),
    },
    drawCall: createHeaderDraw({ raw: async (number) => simBlock(chain.epochs.genesis, number) }),
  };
}
