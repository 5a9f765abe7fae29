import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Journal } from "@surety/node-kit";
import { assignmentTree, ROLE_RERUN } from "@surety/protocol";
import type { Address, Hex } from "viem";
import type { Jobs } from "../jobs.ts";
import type { Call, Moment, Revert, Sender, Step, StepDeps } from "../ports.ts";
import { positionsOf, rerunBasis } from "../samples.ts";
import type { Assignment } from "../store/index.ts";
import { fromPayload, journalKey, sameLeaf } from "./seal.ts";
import { judgeAll, packVerdicts } from "./verdicts.ts";

type Deps = StepDeps & {
  jobs: Jobs;
  sender: Sender;
  journal: Journal;
  hub: Address;
  chainId: number;
};
type Opened = { assignment: Assignment; proof: Hex[] };

/**
 * Reveals, in the reveal window, everything that the epoch's commitment covers, in as few transactions as the block's gas
 * allows. Before that each report is made once more from the stored evidence: one that differs is never revealed.
 */
export function createRevealing(deps: Deps): Step {
  const { store, facts: getFacts, chainMs, me, models, clock, log, jobs, sender, journal, hub, chainId } = deps;

  const revealCall = (epoch: bigint, opened: readonly Opened[]): Call => {
    const reveals = opened.map(({ assignment: a, proof }) => ({
      role: a.role,
      provider: a.provider,
      modelId: a.modelId,
      seat: a.seat,
      report: a.report!,
      dataRoot: a.dataRoot!,
      salt: a.salt!,
      proof,
    }));
    const which = createHash("sha256")
      .update(reveals.map((r) => r.salt).join())
      .digest("hex")
      .slice(0, 12);
    const { revealEnd } = getFacts().times(epoch);
    return {
      key: `reveal epoch ${epoch} ${which}`,
      contract: "AttestationHub",
      functionName: "reveal",
      args: [epoch, reveals],
      deadline: revealEnd,
    };
  };

  /** Why an assignment's report must not be revealed, or null. */
  const doubt = (a: Assignment): string | null => {
    if (a.role !== ROLE_RERUN) return null;
    const model = models.get(a.modelId);
    if (!model) return "the model's files are gone";
    const again = packVerdicts(positionsOf(a, rerunBasis(a.basis)), judgeAll(store.leaves.of(a), model), model);
    return again === a.report ? null : `the evidence gives report ${again}, stored is ${a.report}`;
  };

  /** Everything of an epoch that is to be revealed, with its path; what is in doubt is missed instead. */
  const open = async (epoch: bigint): Promise<Opened[]> => {
    const committer = { chainId, hub, sender: me, epoch };
    const standing = journal.find(journalKey(committer));
    const leaves = standing ? fromPayload(standing.payload, committer).leaves : [];
    const tree = leaves.length > 0 ? assignmentTree(leaves) : null;
    const opened: Opened[] = [];
    for (const assignment of store.assignments.ofEpoch(epoch)) {
      if (assignment.state !== "compared") continue;
      // Judging again takes some milliseconds, and probes are being timed in this thread.
      await setImmediate();
      const at = leaves.findIndex((leaf) => sameLeaf(leaf, assignment) && leaf.salt === assignment.salt);
      const why = at < 0 ? "the journal's commitment does not hold this result" : doubt(assignment);
      if (tree && why === null) {
        opened.push({ assignment, proof: tree.proof(at) });
        continue;
      }
      store.assignments.miss(assignment, "OWN_RECORDS_DIFFER", why!);
      log.error({ epoch, provider: assignment.provider, modelId: assignment.modelId, why }, "not revealed");
    }
    return opened;
  };

  /** Takes out the reveal that a revert names. @returns what is left, or null if it names none */
  const without = (opened: Opened[], { errorName, args }: Revert): Opened[] | null => {
    const index = Number(args.index);
    if (!PER_REVEAL.has(errorName) || !Number.isInteger(index) || index >= opened.length) return null;
    const { assignment } = opened[index]!;
    // Already revealed is what we want; the chain's event will say so.
    if (errorName !== "AttestationHubRevealed") {
      store.assignments.miss(assignment, "REVEAL_REFUSED", `the chain refused it: ${errorName}`);
    }
    log.warn({ epoch: assignment.epoch, errorName, args }, "a reveal was refused");
    return opened.filter((_, i) => i !== index);
  };

  const send = async (epoch: bigint, opened: Opened[]): Promise<void> => {
    if (opened.length === 0) return;
    const outcome = await sender.send(revealCall(epoch, opened));
    if (outcome.status === "confirmed") return;
    const rest = outcome.status === "rejected" ? without(opened, outcome.revert) : null;
    if (rest) return send(epoch, rest);
    if (outcome.status === "too-large" && opened.length > 1) {
      const half = Math.ceil(opened.length / 2);
      await send(epoch, opened.slice(0, half));
      return send(epoch, opened.slice(half));
    }
    log.error({ epoch, reveals: opened.length, ...outcome }, "the reveals were not mined");
  };

  const reveal = async (epoch: bigint, signal: AbortSignal): Promise<void> => {
    const opened = await open(epoch);
    await clock.sleep(Math.max(0, Number(getFacts().times(epoch).outputEnd) * 1000 - chainMs()), signal);
    if (signal.aborted) return;
    await send(epoch, opened);
    // The next round of steps sees on chain what came of it.
    await clock.sleep(PAUSE_MS, signal);
  };

  /** Lets the chain's word stand: an assignment is revealed as long as the chain holds its report. */
  const follow = (a: Assignment): void => {
    if (getFacts().revealed(a) === a.report) store.assignments.move(a, "compared", "revealed");
    else store.assignments.move(a, "revealed", "compared");
  };

  const advanceEpoch = (epoch: bigint, { head, seen }: Moment): void => {
    const times = getFacts().times(epoch);
    const before = store.assignments.ofEpoch(epoch);
    for (const a of before) if (a.state === "compared" || a.state === "revealed") follow(a);
    const rows = store.assignments.ofEpoch(epoch);
    const open = rows.filter((a) => a.state === "compared");
    if (open.length === 0) return;
    if (seen >= times.revealEnd) {
      for (const a of open) store.assignments.miss(a, "REVEAL_NOT_MINED", "reveals closed before it was seen on chain");
      log.warn({ epoch, missed: open.length }, "reveals closed before these were seen on chain");
      return;
    }
    const isNear = chainMs() >= Number(times.outputEnd) * 1000 - READY_MS && head.timestamp < times.revealEnd;
    if (isNear && !rows.some((a) => a.state === "committed")) {
      jobs.run(`reveal:${epoch}`, (signal) => reveal(epoch, signal));
    }
  };

  return {
    name: "reveal",
    advance(now: Moment) {
      const open = [...store.assignments.inState("compared"), ...store.assignments.inState("revealed")];
      for (const epoch of new Set(open.map((a) => a.epoch))) advanceEpoch(epoch, now);
    },
  };
}

/** How long before reveals open everything is checked once more, so that they can leave with the first block. */
const READY_MS = 5_000;
/** Wait after a transaction, until its effect has been read. */
const PAUSE_MS = 700;

/** Refusals whose first argument is the index of the reveal at fault. */
const PER_REVEAL = new Set([
  "AttestationHubWrongOpening",
  "AttestationHubWrongSeat",
  "AttestationHubRevealed",
  "AttestationHubNoSuchSeat",
  "AttestationHubNoSeed",
  "AttestationHubNoPromise",
  "AttestationHubNoLog",
]);
