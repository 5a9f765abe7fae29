import type { Journal, JournalKey } from "@surety/node-kit";
import { VOTES, type Vote, voteCommitment } from "@surety/protocol";
import { bytesToHex, type Hex } from "viem";
import type { Jobs } from "../jobs.ts";
import type { Moment, Rerunner, Sender, Step, StepDeps } from "../ports.ts";
import type { CaseFacts, JuryFacts } from "../watch/court-facts.ts";
import type { Facts } from "../watch/facts.ts";
import type { CourtReads } from "./reads.ts";
import { judgeOpened } from "./vote.ts";

type Deps = Pick<StepDeps, "facts" | "me" | "chainMs" | "models" | "clock" | "rng" | "log"> & {
  jobs: Jobs;
  sender: Sender;
  journal: Journal;
  rerunner: Rerunner;
  reads: CourtReads;
  chainId: number;
};

type Tried = CaseFacts & { jury: JuryFacts };
/** What a juror committed to. */
type Ballot = { vote: Vote; outputHash: Hex; salt: Hex };

/** Wait after a transaction, until its effect has been read. */
const PAUSE_MS = 700;

/**
 * Sits on juries: runs the model on the opened leaf, commits its vote in the first half of the jury's window and reveals it
 * in the second. The journal has the vote and its salt before anything is signed, so no second vote can come about.
 */
export function createJuryDuty(deps: Deps): Step {
  const {
    facts: getFacts,
    me,
    chainMs,
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

  /** The vote on a case: the one that stands in the journal, or a new one. */
  const ballotOf = async (tried: Tried): Promise<Ballot | undefined> => {
    const { id, modelId, jury } = tried;
    const before = standing(id);
    if (before) return before;
    const model = models.get(modelId);
    const opened = model && (await reads.opened({ ...tried, block: jury.block }));
    if (!model || !opened) {
      log.warn(
        { case: id, modelId },
        model ? "the opened leaf is not on this chain" : "a juror without the model's files",
      );
      return undefined;
    }
    const { vote, outputHash, reason } = await judgeOpened(opened, { modelId, model, rerunner });
    const ballot = { vote, outputHash, salt: bytesToHex(rng.bytes(32)) };
    const { entry } = journal.reserve({
      ...keyOf(id),
      digest: hashOf(id, ballot),
      payload: JSON.stringify(ballot),
    });
    log.info({ case: id, vote, reason }, "judged as juror");
    return JSON.parse(entry.payload) as Ballot;
  };

  const commit = async (tried: Tried, seat: number, signal: AbortSignal): Promise<void> => {
    const { id, jury } = tried;
    const ballot = await ballotOf(tried);
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

  const reveal = async ({ id, jury }: Tried, signal: AbortSignal): Promise<void> => {
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

  const attend = async (tried: Tried, { head }: Moment, signal: AbortSignal): Promise<void> => {
    const { id, jury } = tried;
    const { court } = getFacts();
    const committed = court.commitmentOf(id, me) !== undefined;
    if (head.timestamp < jury.commitEnd && !committed) {
      const seat = await seatOn(id);
      if (seat >= 0) await commit(tried, seat, signal);
    } else if (head.timestamp >= jury.commitEnd && committed && !court.hasRevealed(id, me)) {
      await reveal(tried, signal);
    }
  };

  return {
    name: "jury",
    advance(now: Moment) {
      const facts = getFacts();
      // A reorganisation may have drawn others.
      if (facts !== known) seats.clear();
      known = facts;
      for (const one of facts.court.cases()) {
        const { id, jury } = one;
        if (!jury || now.head.timestamp >= jury.revealEnd || facts.seed(jury.epoch) === undefined) continue;
        if (seats.get(id) === -1) continue;
        jobs.run(`jury:${id}`, (signal) => attend({ ...one, jury }, now, signal));
      }
    },
  };
}
