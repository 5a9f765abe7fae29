import type { Journal } from "@surety/node-kit";
import type { Address, Hex } from "viem";
import { deadlines, ROUNDS, type Round, roundOf, roundTimes } from "../deadlines.ts";
import type { Jobs } from "../jobs.ts";
import type { Moment, Sender, Step, StepDeps } from "../ports.ts";
import type { Assignment } from "../store/index.ts";
import { fromPayload, isLeafOf, journalKey, type Sealed, sameLeaf, seal, signedResult, toPayload } from "./seal.ts";

type Deps = StepDeps & { jobs: Jobs; sender: Sender; journal: Journal; hub: Address; chainId: number };

/** States before commits have closed. */
const OPEN = ["planned", "evidence", "rerun", "committed"] as const;
/** Wait after a transaction, until its effect has been read. */
const PAUSE_MS = 700;

/**
 * Commits once per epoch and round to everything that is ready, when the commit window is open: as soon as all is ready, or when the
 * time kept for the transaction begins: what is not ready then is committed to as an abstention, because silence is slashed.
 * The journal has the hash and all that opens it before anything is signed, so a
 * second commitment cannot come about, whatever happens to the rest of the state.
 */
export function createCommitting(deps: Deps): Step {
  const { store, facts: getFacts, me, chainMs, clock, rng, log, jobs, sender, journal, hub, chainId } = deps;

  const rowsOf = (epoch: bigint, round: Round): Assignment[] =>
    store.assignments.ofEpoch(epoch).filter((a) => roundOf(a.role) === round);

  /** Takes what is ready, or what the standing commitment holds, into the commitment. */
  const include = (sealed: Sealed, ready: readonly Assignment[]): void => {
    for (const a of ready) {
      const leaf = sealed.leaves.find((l) => isLeafOf(l, a));
      const { epoch, provider, modelId, role } = a;
      if (!leaf) {
        store.assignments.miss(a, "OTHER_RESULT_SIGNED", "an earlier commitment does not cover this assignment");
      } else if (sameLeaf(leaf, a)) {
        store.assignments.include(a, leaf.salt);
      } else {
        const { signed, why } = signedResult(leaf);
        store.assignments.adopt(a, signed, why);
        log.error({ epoch, provider, modelId, role, ...why }, "an earlier commitment covers another result: it stands");
      }
    }
  };

  /** The commitment of this round: the one that stands in the journal, or a new one over everything. */
  const fix = (epoch: bigint, round: Round): Sealed => {
    const committer = { chainId, hub, sender: me, epoch, round };
    const key = journalKey(committer);
    const standing = journal.find(key);
    const signed = standing && fromPayload(standing.payload, committer);
    for (const a of rowsOf(epoch, round)) {
      if (a.state !== "planned" && a.state !== "evidence") continue;
      // What a signed commitment holds was ready once; what it does not hold cannot be added.
      if (signed && !signed.leaves.some((leaf) => isLeafOf(leaf, a))) continue;
      const why = { reason: "NOT_READY", detail: "evidence or own results were not ready when it had to be committed" };
      store.assignments.abstain(a, why);
      const { provider, modelId, role } = a;
      log.warn({ epoch, provider, modelId, role, ...why }, "abstains and earns nothing here");
    }
    const ready = rowsOf(epoch, round).filter((a) => a.state === "rerun");
    const sealed = signed ?? seal(ready, committer, rng);
    journal.reserve({ ...key, digest: sealed.hash, payload: toPayload(sealed) });
    store.transact(() => {
      store.commitments.add({ epoch, round, root: sealed.root, hash: sealed.hash });
      include(sealed, ready);
    });
    return sealed;
  };

  const send = async (epoch: bigint, round: Round, hash: Hex, signal: AbortSignal): Promise<void> => {
    const { commitEnd } = roundTimes(getFacts().times(epoch), round);
    const outcome = await sender.send({
      key: round === 0 ? `commit epoch ${epoch}` : `commit epoch ${epoch} round ${round}`,
      contract: "AttestationHub",
      functionName: "commit",
      args: [epoch, hash],
      deadline: commitEnd,
    });
    if (outcome.status !== "confirmed") log.error({ epoch, ...outcome }, "the commitment was not mined");
    // The next round of steps sees on chain what came of it.
    await clock.sleep(PAUSE_MS, signal);
  };

  const missAll = (rows: readonly Assignment[], reason: string, detail: string): void => {
    for (const a of rows) store.assignments.miss(a, reason, detail);
    if (rows.length > 0) log.warn({ epoch: rows[0]!.epoch, missed: rows.length, reason }, detail);
  };

  /** Lets the chain's word stand: an included assignment is committed as long as the chain holds its commitment. */
  const follow = (rows: readonly Assignment[], isOnChain: boolean): void => {
    for (const a of rows) {
      if (a.included && isOnChain) store.assignments.move(a, "rerun", "committed");
      else if (!isOnChain) store.assignments.move(a, "committed", "rerun");
    }
  };

  const advanceRound = (epoch: bigint, round: Round, { head, seen }: Moment): void => {
    const facts = getFacts();
    const times = roundTimes(facts.times(epoch), round);
    const onChain = facts.commitmentOf(epoch, me, round);
    const own = store.commitments.get(epoch, round);
    const isOnChain = own !== undefined && own.hash === onChain;
    follow(rowsOf(epoch, round), isOnChain);

    const rows = rowsOf(epoch, round);
    const ready = rows.filter((a) => a.state === "rerun");
    const late = rows.filter((a) => a.state === "planned" || a.state === "evidence");
    if (onChain !== undefined && !isOnChain && !journal.find(journalKey({ chainId, hub, sender: me, epoch, round }))) {
      missAll([...ready, ...late], "OTHER_COMMITMENT", `the chain holds commitment ${onChain}, which is not from here`);
      return;
    }
    if (seen >= times.commitEnd) {
      const unready = [...late, ...ready.filter((a) => !a.included)];
      missAll(unready, "NOT_READY", "evidence or own results were not ready when the commitment was made");
      const unseen = ready.filter((a) => a.included);
      missAll(unseen, "COMMIT_NOT_MINED", "commits closed before the commitment was seen on chain");
      return;
    }
    const isOpen = times.openEnd <= head.timestamp && head.timestamp < times.commitEnd;
    if (!isOpen || isOnChain || (!own && ready.length + late.length === 0)) return;
    // Re-run seats come with the seed: without it there may be more to commit to.
    const complete = late.length === 0 && facts.seed(epoch) !== undefined;
    if (!own && !complete && chainMs() < deadlines(facts.times(epoch), round).commitMs) return;
    jobs.run(`commit:${epoch}:${round}`, (signal) => send(epoch, round, own?.hash ?? fix(epoch, round).hash, signal));
  };

  return {
    name: "commit",
    advance(now: Moment) {
      const open = OPEN.flatMap((state) => store.assignments.inState(state));
      for (const epoch of new Set(open.map((a) => a.epoch))) {
        for (const round of ROUNDS) advanceRound(epoch, round, now);
      }
    },
  };
}
