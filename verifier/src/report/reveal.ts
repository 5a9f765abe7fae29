import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Journal } from "@surety/node-kit";
import { type AssignmentTree, assignmentTree, type Assignment as Leaf, type Opening } from "@surety/protocol";
import type { Address } from "viem";
import { isRerun, ROUNDS, type Round, roundOf, roundTimes } from "../deadlines.ts";
import type { Jobs } from "../jobs.ts";
import type { Call, Moment, Revert, Sender, Step, StepDeps } from "../ports.ts";
import { positionsOf, rerunBasis } from "../samples.ts";
import { type Assignment, abstains } from "../store/index.ts";
import { fromPayload, isLeafOf, journalKey, sameLeaf, signedResult } from "./seal.ts";
import { greyReport, judgeAll, packVerdicts } from "./verdicts.ts";

type Deps = StepDeps & {
  jobs: Jobs;
  sender: Sender;
  journal: Journal;
  hub: Address;
  chainId: number;
};
/** An assignment, and which leaf of the commitment's tree it is. */
type Opened = { assignment: Assignment; at: number };

/**
 * Reveals, in a round's reveal window, everything that its commitment covers, in as few transactions as the block's gas
 * allows. Before that each report is made once more from the stored evidence: one that differs is never revealed. A re-run
 * abstains instead, because its verdicts follow only now; of a probe stands what was signed.
 */
export function createRevealing(deps: Deps): Step {
  const { store, facts: getFacts, chainMs, me, models, clock, log, jobs, sender, journal, hub, chainId } = deps;

  const revealCall = (epoch: bigint, round: Round, opened: readonly Opened[], { proof, flags }: Opening): Call => {
    const reveals = opened.map(({ assignment: a }) => ({
      role: a.role,
      provider: a.provider,
      modelId: a.modelId,
      seat: a.seat,
      report: a.report!,
      dataRoot: a.dataRoot!,
      salt: a.salt!,
    }));
    const which = createHash("sha256")
      .update(reveals.map((r) => `${r.salt}${r.report}`).join())
      .digest("hex")
      .slice(0, 12);
    const { revealEnd } = roundTimes(getFacts().times(epoch), round);
    return {
      key: `reveal epoch ${epoch} ${which}`,
      contract: "AttestationHub",
      functionName: "reveal",
      args: [epoch, reveals, proof, flags],
      deadline: revealEnd,
    };
  };

  /** Why an assignment's report must not be revealed, or null. */
  const doubt = (a: Assignment): string | null => {
    if (!isRerun(a.role) || abstains(a)) return null;
    const model = models.get(a.modelId);
    if (!model) return "the model's files are gone";
    const again = packVerdicts(positionsOf(a, rerunBasis(a.basis)), judgeAll(store.leaves.of(a), model), model);
    return again === a.report ? null : `the evidence gives report ${again}, stored is ${a.report}`;
  };

  /**
   * Puts in the place of a result that is in doubt what may be revealed under the signed leaf, if there is such a leaf.
   * Written before anything is revealed: a process that is killed here reveals no other report later.
   */
  const replace = (a: Assignment, leaf: Leaf | undefined, why: string): Assignment | undefined => {
    const { epoch, provider, modelId, role } = a;
    if (!leaf) {
      store.assignments.miss(a, "OWN_RECORDS_DIFFER", why);
      log.error({ epoch, provider, modelId, role, why }, "not revealed");
      return undefined;
    }
    store.transact(() => {
      if (!sameLeaf(leaf, a) || leaf.salt !== a.salt) {
        const { signed, why: known } = signedResult(leaf);
        store.assignments.adopt(a, signed, known);
      }
      if (!isRerun(role)) return;
      store.assignments.retract(a, { reason: "OWN_RECORDS_DIFFER", detail: why }, greyReport(rerunBasis(a.basis).m));
    });
    const what = isRerun(role) ? "abstains and earns nothing here: own records differ" : "what was signed is revealed";
    log.error({ epoch, provider, modelId, role, why }, what);
    return store.assignments.get(a);
  };

  /** Everything of a round that is to be revealed, and the tree that it opens; null without a commitment. */
  const open = async (epoch: bigint, round: Round): Promise<{ tree: AssignmentTree; opened: Opened[] } | null> => {
    const committer = { chainId, hub, sender: me, epoch, round };
    const standing = journal.find(journalKey(committer));
    const leaves = standing ? fromPayload(standing.payload, committer).leaves : [];
    const tree = leaves.length > 0 ? assignmentTree(leaves) : null;
    const opened: Opened[] = [];
    for (const assignment of rowsOf(epoch, round)) {
      if (assignment.state !== "compared") continue;
      // Judging again takes some milliseconds, and probes are being timed in this thread.
      await setImmediate();
      const at = leaves.findIndex((leaf) => isLeafOf(leaf, assignment));
      const leaf = leaves[at];
      const isHeld = leaf !== undefined && sameLeaf(leaf, assignment) && leaf.salt === assignment.salt;
      const why = isHeld ? doubt(assignment) : "the journal's commitment does not hold this result";
      const shown = why === null ? assignment : replace(assignment, leaf, why);
      if (tree && shown) opened.push({ assignment: shown, at });
    }
    return tree && { tree, opened };
  };

  const refuse = (assignment: Assignment, errorName: string) =>
    store.assignments.miss(assignment, "REVEAL_REFUSED", `the chain refused it: ${errorName}`);

  /** Takes out what a revert names: one reveal, or all of them. @returns what is left, or null if it names none */
  const without = (opened: Opened[], { errorName, args }: Revert): Opened[] | null => {
    if (errorName === "AttestationHubWrongOpening") {
      for (const { assignment } of opened) refuse(assignment, errorName);
      log.error({ reveals: opened.length, errorName, args }, "these reveals do not open the commitment");
      return [];
    }
    const index = Number(args.index);
    if (!PER_REVEAL.has(errorName) || !Number.isInteger(index) || index >= opened.length) return null;
    const { assignment } = opened[index]!;
    // Already revealed is what we want; the chain's event will say so.
    if (errorName !== "AttestationHubRevealed") {
      refuse(assignment, errorName);
    }
    log.warn({ epoch: assignment.epoch, errorName, args }, "a reveal was refused");
    return opened.filter((_, i) => i !== index);
  };

  const send = async (epoch: bigint, round: Round, tree: AssignmentTree, opened: Opened[]): Promise<void> => {
    if (opened.length === 0) return;
    const { order, ...opening } = tree.open(opened.map(({ at }) => at));
    // As their leaves stand in the tree, so that a refusal names the right one.
    const batch = order.map((place) => opened.find(({ at }) => at === place)!);
    const outcome = await sender.send(revealCall(epoch, round, batch, opening));
    if (outcome.status === "confirmed") return;
    const rest = outcome.status === "rejected" ? without(batch, outcome.revert) : null;
    if (rest) return send(epoch, round, tree, rest);
    if (outcome.status === "too-large" && batch.length > 1) {
      const half = Math.ceil(batch.length / 2);
      await send(epoch, round, tree, batch.slice(0, half));
      return send(epoch, round, tree, batch.slice(half));
    }
    log.error({ epoch, reveals: batch.length, ...outcome }, "the reveals were not mined");
  };

  const reveal = async (epoch: bigint, round: Round, signal: AbortSignal): Promise<void> => {
    const all = await open(epoch, round);
    const { outputEnd } = roundTimes(getFacts().times(epoch), round);
    await clock.sleep(Math.max(0, Number(outputEnd) * 1000 - chainMs()), signal);
    if (signal.aborted) return;
    if (all) await send(epoch, round, all.tree, all.opened);
    // The next round of steps sees on chain what came of it.
    await clock.sleep(PAUSE_MS, signal);
  };

  /** Lets the chain's word stand: an assignment is revealed as long as the chain holds a report of its seat. */
  const follow = (a: Assignment): void => {
    const report = getFacts().revealed(a);
    if (report !== undefined) store.assignments.move(a, "compared", "revealed", { report });
    else store.assignments.move(a, "revealed", "compared");
  };

  const rowsOf = (epoch: bigint, round: Round): Assignment[] =>
    store.assignments.ofEpoch(epoch).filter((a) => roundOf(a.role) === round);

  const advanceRound = (epoch: bigint, round: Round, { head, seen }: Moment): void => {
    const times = roundTimes(getFacts().times(epoch), round);
    const before = rowsOf(epoch, round);
    for (const a of before) if (a.state === "compared" || a.state === "revealed") follow(a);
    const rows = rowsOf(epoch, round);
    const open = rows.filter((a) => a.state === "compared");
    if (open.length === 0) return;
    if (seen >= times.revealEnd) {
      for (const a of open) store.assignments.miss(a, "REVEAL_NOT_MINED", "reveals closed before it was seen on chain");
      log.warn({ epoch, missed: open.length }, "reveals closed before these were seen on chain");
      return;
    }
    const isNear = chainMs() >= Number(times.outputEnd) * 1000 - READY_MS && head.timestamp < times.revealEnd;
    if (isNear && !rows.some((a) => a.state === "committed")) {
      jobs.run(`reveal:${epoch}:${round}`, (signal) => reveal(epoch, round, signal));
    }
  };

  return {
    name: "reveal",
    advance(now: Moment) {
      const open = [...store.assignments.inState("compared"), ...store.assignments.inState("revealed")];
      for (const epoch of new Set(open.map((a) => a.epoch))) {
        for (const round of ROUNDS) advanceRound(epoch, round, now);
      }
    },
  };
}

/** How long before reveals open everything is checked once more, so that they can leave with the first block. */
const READY_MS = 5_000;
/** Wait after a transaction, until its effect has been read. */
const PAUSE_MS = 700;

/** Refusals whose first argument is the index of the reveal at fault. */
const PER_REVEAL = new Set([
  "AttestationHubWrongSeat",
  "AttestationHubRevealed",
  "AttestationHubNoSuchSeat",
  "AttestationHubNoSeed",
  "AttestationHubNoPromise",
  "AttestationHubNoLog",
  "AttestationHubNoRedraw",
]);
