import type { Journal, JournalKey } from "@surety/node-kit";
import { SuretyError, VOTES, type Vote, voteCommitment } from "@surety/protocol";
import { bytesToHex, type Hex } from "viem";
import type { Jobs } from "../jobs.ts";
import type { Model, Moment, Rerunner, Sender, Step, StepDeps } from "../ports.ts";
import type { JuryFacts, SeatCaseFacts } from "../watch/court-facts.ts";
import type { Facts } from "../watch/facts.ts";
import { inputAt, judgeShown, samplesFor } from "./judge-seat.ts";
import type { CourtReads } from "./reads.ts";
import { basisOf, fetchInputs } from "./seat-inputs.ts";
import { type Judged, judgeOpened, unknown } from "./vote.ts";

type Deps = Pick<StepDeps, "facts" | "me" | "chainMs" | "http" | "models" | "clock" | "rng" | "log"> & {
  jobs: Jobs;
  sender: Sender;
  journal: Journal;
  rerunner: Rerunner;
  reads: CourtReads;
  chainId: number;
};

/** What a juror committed to. */
type Ballot = { vote: Vote; outputHash: Hex; salt: Hex };

/** Wait after a transaction, until its effect has been read. */
const PAUSE_MS = 700;
/** Part of the commit window after which a juror that has not judged knows nothing; the rest is for the transaction. */
const PATIENCE = 0.6;

/**
 * Sits on juries: runs the model on the opened leaf, or on what an accused seat ran, commits its vote in the first half of the jury's window and reveals it
 * in the second. The journal has the vote and its salt before anything is signed, so no second vote can come about. A juror
 * that cannot judge votes so: to stay away costs stake.
 */
export function createJuryDuty(deps: Deps): Step {
  const {
    facts: getFacts,
    me,
    chainMs,
    http,
    models,
    clock,
    rng,
    log,
    jobs,
    sender,
    journal,
    rerunner,
    reads,
    chainId,
  } = deps;
  /** My seat by case, once its jury is drawn; -1: none. */
  const seats = new Map<Hex, number>();
  let known: Facts | undefined;
  const keyOf = (id: Hex): JournalKey => ({ chainId, contract: reads.juries, kind: "jury vote", key: id, signer: me });
  const standing = (id: Hex): Ballot | undefined => {
    const entry = journal.find(keyOf(id));
    return entry && (JSON.parse(entry.payload) as Ballot);
  };
  const hashOf = (id: Hex, ballot: Ballot): Hex => voteCommitment({ juries: reads.juries, id, juror: me, ...ballot });

  /** The seat of this verifier on a jury that is drawn. */
  const seatOn = async (id: Hex): Promise<number> => {
    const known = seats.get(id);
    if (known !== undefined) return known;
    const jurors = await reads.jurors(id);
    if (jurors.length === 0) return -1;
    const seat = jurors.indexOf(me);
    seats.set(id, seat);
    if (seat >= 0) log.info({ case: id, seat }, "called to a jury");
    return seat;
  };

  /** What this juror finds of outputs that a seat has shown. */
  const judgeSeat = async (charge: SeatCaseFacts, jury: JuryFacts, model: Model): Promise<Judged> => {
    const { id, modelId, j } = charge;
    const facts = getFacts();
    const basis = basisOf(facts, charge);
    const answered = facts.court.shownBy(id);
    const shown = answered && (await reads.shownOutputs(id, answered.block));
    if (!basis || !shown) return unknown("the seat's outputs are not on this chain");
    const patienceMs = Math.max(1_000, Number(jury.commitEnd - jury.start) * 300);
    const samples = samplesFor(charge, basis, j);
    const inputs = await fetchInputs(charge, samples, { basis, facts, model, http, reads, log, patienceMs });
    const input = inputAt(charge, { basis, j, model }, (sample) => inputs.get(sample));
    if (input !== undefined) return judgeShown(shown, input, { modelId, model, rerunner });
    throw new SuretyError("JURY_NO_INPUTS", `the inputs of samples ${samples} are neither served nor on this chain`);
  };

  /** What this juror finds. */
  const judge = async (jury: JuryFacts): Promise<Judged> => {
    const { id, modelId } = jury;
    const model = models.get(modelId);
    if (!model) return unknown("this verifier does not hold the model's files");
    const { court } = getFacts();
    const charge = court.seatCase(id);
    if (charge) return judgeSeat(charge, jury, model);
    const tried = court.caseOf(id);
    if (!tried) return unknown("the case is of no kind that this verifier knows");
    const opened = await reads.opened({ id, block: jury.block });
    return opened ? judgeOpened(opened, { modelId, model, rerunner }) : unknown("the opened leaf is not on this chain");
  };

  /** What this juror finds in time; until then, what failed is tried again. */
  const judgeInTime = async (jury: JuryFacts, signal: AbortSignal): Promise<Judged> => {
    const { id, start, commitEnd } = jury;
    const until = Number(start) * 1000 + PATIENCE * Number(commitEnd - start) * 1000;
    const late = unknown("there was no time to judge");
    const end = new AbortController();
    const tries = async (): Promise<Judged> => {
      while (chainMs() < until && !end.signal.aborted) {
        try {
          return await judge(jury);
        } catch (err) {
          log.warn({ err, case: id }, "a case could not be judged; it is tried again");
          await clock.sleep(PAUSE_MS, end.signal);
        }
      }
      return late;
    };
    try {
      const wait = clock.sleep(Math.max(0, until - chainMs()), AbortSignal.any([signal, end.signal]));
      return await Promise.race([tries(), wait.then(() => late)]);
    } finally {
      end.abort();
    }
  };

  /** The vote on a case: the one that stands in the journal, or a new one. */
  const ballotOf = async (jury: JuryFacts, signal: AbortSignal): Promise<Ballot | undefined> => {
    const { id } = jury;
    const before = standing(id);
    if (before) return before;
    const { vote, outputHash, reason } = await judgeInTime(jury, signal);
    if (signal.aborted) return undefined;
    const ballot = { vote, outputHash, salt: bytesToHex(rng.bytes(32)) };
    const { entry } = journal.reserve({
      ...keyOf(id),
      digest: hashOf(id, ballot),
      payload: JSON.stringify(ballot),
    });
    log.info({ case: id, vote, reason }, "judged as juror");
    return JSON.parse(entry.payload) as Ballot;
  };

  const commit = async (jury: JuryFacts, seat: number, signal: AbortSignal): Promise<void> => {
    const { id } = jury;
    const ballot = await ballotOf(jury, signal);
    if (!ballot || signal.aborted) return;
    await clock.sleep(Math.max(0, Number(jury.start) * 1000 - chainMs()), signal);
    if (signal.aborted) return;
    const outcome = await sender.send({
      key: `jury commit ${id}`,
      contract: "Juries",
      functionName: "commit",
      args: [id, seat, hashOf(id, ballot)],
      deadline: jury.commitEnd,
    });
    if (outcome.status !== "confirmed") log.warn({ case: id, ...outcome }, "the juror's commitment was not mined");
    await clock.sleep(PAUSE_MS, signal);
  };

  const reveal = async (jury: JuryFacts, signal: AbortSignal): Promise<void> => {
    const { id } = jury;
    const ballot = standing(id);
    if (!ballot || getFacts().court.commitmentOf(id, me) !== hashOf(id, ballot)) {
      return log.error({ case: id }, "the chain holds a juror's commitment that is not from here");
    }
    const outcome = await sender.send({
      key: `jury reveal ${id}`,
      contract: "Juries",
      functionName: "reveal",
      args: [id, VOTES.indexOf(ballot.vote), ballot.outputHash, ballot.salt],
      deadline: jury.revealEnd,
    });
    if (outcome.status !== "confirmed") log.warn({ case: id, ...outcome }, "the juror's vote was not mined");
    await clock.sleep(PAUSE_MS, signal);
  };

  const attend = async (jury: JuryFacts, { head }: Moment, signal: AbortSignal): Promise<void> => {
    const { id } = jury;
    const { court } = getFacts();
    const committed = court.commitmentOf(id, me) !== undefined;
    if (head.timestamp < jury.commitEnd && !committed) {
      const seat = await seatOn(id);
      if (seat >= 0) await commit(jury, seat, signal);
    } else if (head.timestamp >= jury.commitEnd && committed && !court.hasRevealed(id, me)) {
      await reveal(jury, signal);
    }
  };

  return {
    name: "jury",
    advance(now: Moment) {
      const facts = getFacts();
      // A reorganisation may have drawn others.
      if (facts !== known) seats.clear();
      known = facts;
      for (const jury of facts.court.juries()) {
        if (now.head.timestamp >= jury.revealEnd || facts.seed(jury.epoch) === undefined) continue;
        if (seats.get(jury.id) === -1) continue;
        jobs.run(`jury:${jury.id}`, (signal) => attend(jury, now, signal));
      }
    },
  };
}
