import { caseId, ROLE_REDRAW, ROLE_RERUN } from "@surety/protocol";
import type { CourtProof } from "@surety/sdk";
import type { Hex } from "viem";
import type { Jobs } from "../jobs.ts";
import type { Call, Moment, Sender, Step, StepDeps } from "../ports.ts";
import { share } from "../random.ts";
import { leafOfSamples, positionsOf, rerunBasis } from "../samples.ts";
import type { Role } from "../store/index.ts";
import type { FindingFacts } from "../watch/court-facts.ts";
import type { Facts } from "../watch/facts.ts";
import { createClosing, type Ending } from "./closing.ts";
import { type CourtTerms, isCheap } from "./limits.ts";
import type { CourtReads } from "./reads.ts";

type Deps = Pick<StepDeps, "store" | "facts" | "me" | "clock" | "rng" | "log"> & {
  jobs: Jobs;
  sender: Sender;
  reads: CourtReads;
  terms: CourtTerms;
};

/** Longest random wait before an ending, so that not all verifiers pay for the same one, milliseconds. */
const SPREAD_MS = 60_000;
/** Wait after a transaction, until its effect has been read. */
const PAUSE_MS = 700;

/**
 * Ends what is over, as anybody may: demands without an answer, cases that were not answered or that a jury has judged, and
 * those of a majority that the provider did not take to a jury. Pays itself as juror, and fetches what the court owes it.
 */
export function createEndings(deps: Deps): Step {
  const { store, facts: getFacts, me, clock, rng, log, jobs, sender, reads, terms } = deps;
  /** Ends of disputes about findings (Unix seconds), each asked once it may have come. */
  const ends = new Map<string, bigint>();
  const proofs = new Map<string, { id: Hex; proof: CourtProof }[]>();
  /** Epochs whose bounties, and those before, were fetched. */
  const fetched = new Set<bigint>();
  let known: Facts | undefined;
  const close = createClosing(deps);

  /** Sends a call after a random wait if it is still needed then. */
  const end = (name: string, spreadMs: number, isNeeded: () => boolean, call: Call): void => {
    jobs.run(name, async (signal) => {
      await clock.sleep(spreadMs * share(rng), signal);
      if (signal.aborted || !isNeeded()) return;
      if (!(await isCheap(reads, terms, log))) return void (await clock.sleep(SPREAD_MS, signal));
      const outcome = await sender.send(call);
      if (outcome.status === "confirmed") log.info({ call: call.key }, "ended at the court");
      else if (isNeeded()) log.debug({ call: call.key, ...outcome }, "not ended from here");
      await clock.sleep(outcome.status === "confirmed" ? PAUSE_MS : spreadMs + PAUSE_MS, signal);
    });
  };

  const spread = (epoch: bigint): number => {
    const { start, end } = getFacts().times(epoch);
    return Math.min(SPREAD_MS, Number(end - start) * 150);
  };

  const failDemands = ({ head, epoch }: Moment): void => {
    const { court } = getFacts();
    for (const { id, deadline, accused } of court.demands()) {
      if (head.timestamp < deadline || accused === me) continue;
      const isOpen = () =>
        getFacts()
          .court.demands()
          .some((demand) => demand.id === id);
      const call = { key: `fail ${id}`, contract: "Demands", functionName: "fail", args: [id] } as const;
      end(`fail:${id}`, spread(epoch), isOpen, call);
    }
  };

  /** Cases that were not answered, or that a jury has judged. */
  const overCases = ({ head }: Moment): Ending[] =>
    getFacts()
      .court.cases()
      .flatMap(({ id, answerEnd, jury }): Ending[] => {
        const over = jury ? jury.revealEnd : answerEnd;
        if (over === undefined || head.timestamp < over) return [];
        const isOpen = () => getFacts().court.caseOf(id) !== undefined;
        return [{ id, isOpen, functionName: "close", args: [id] }];
      });

  const closeSeatCases = ({ head, epoch }: Moment): void => {
    for (const { id, answerEnd, jury } of getFacts().court.seatCases()) {
      if (head.timestamp < (jury?.revealEnd ?? answerEnd)) continue;
      const call = { key: `close ${id}`, contract: "SeatCases", functionName: "close", args: [id] } as const;
      end(`close:${id}`, spread(epoch), () => getFacts().court.seatCase(id) !== undefined, call);
    }
  };

  /** The leaves of a finding that this verifier can prove: it sat on the committee and got them opened. */
  const provable = (finding: FindingFacts): { id: Hex; proof: CourtProof }[] => {
    const { provider, modelId, epoch, mismatches } = finding;
    const seatOf = (role: Role) => store.assignments.get({ provider, modelId, epoch, role });
    const seat = seatOf(ROLE_REDRAW) ?? seatOf(ROLE_RERUN);
    if (!seat) return [];
    const samples = leafOfSamples(positionsOf(seat, rerunBasis(seat.basis)), store.leaves.of(seat));
    const wrong = samples.filter((_, j) => (mismatches >> BigInt(j)) & 1n);
    return [...new Set(wrong)].flatMap((leaf) =>
      leaf?.proof ? [{ id: caseId({ provider, modelId, epoch, seq: leaf.index }), proof: leaf.proof }] : [],
    );
  };

  /** Free cases of findings that the provider did not take to a jury. */
  const overFindings = ({ head }: Moment): Ending[] => {
    const facts = getFacts();
    const endings: Ending[] = [];
    if (facts !== known) {
      // A reorganisation may have changed samples and settlements.
      ends.clear();
      proofs.clear();
    }
    known = facts;
    for (const finding of facts.court.findings()) {
      const { provider, modelId, epoch } = finding;
      const name = `${provider}:${modelId}:${epoch}`;
      if (head.timestamp < facts.times(epoch).disputeEnd) continue;
      let open = proofs.get(name);
      if (!open) {
        open = provable(finding);
        proofs.set(name, open);
      }
      open = open.filter(({ id }) => facts.court.caseState(id) === undefined);
      const over = ends.get(name);
      if (open.length === 0) continue;
      if (over === undefined) {
        jobs.run(`dispute-end:${name}`, async () => void ends.set(name, await reads.disputeEnd(finding)));
      } else if (head.timestamp >= over) {
        for (const { id, proof } of open) {
          const isOpen = () => getFacts().court.caseState(id) === undefined;
          endings.push({ id, isOpen, functionName: "closeFree", args: [proof] });
        }
      }
    }
    return endings;
  };

  const claim = async (signal: AbortSignal): Promise<void> => {
    if (!(await isCheap(reads, terms, log))) return void (await clock.sleep(SPREAD_MS, signal));
    for (const { till, amount } of await reads.owed(me)) {
      if (amount === 0n) continue;
      // What is owed only grows until it is paid, so an amount names the claim together with what was paid before.
      const key = `claim ${amount} of ${till} after ${getFacts().court.claimed(me)}`;
      const outcome = await sender.send({ key, contract: till, functionName: "claim", args: [me] });
      if (outcome.status === "confirmed") log.info({ till, amount }, "claimed from the court");
    }
    await clock.sleep(PAUSE_MS, signal);
  };

  /** Fetches what challengers were promised of the budgets of epochs up to `epoch`, which is over. */
  const claimBounties = async (epoch: bigint, signal: AbortSignal): Promise<void> => {
    if (!(await isCheap(reads, terms, log))) return void (await clock.sleep(SPREAD_MS, signal));
    if ((await reads.bountyOf(me)) > 0n) {
      const act = { contract: "RewardDistributor", functionName: "claimChallenger", args: [me] } as const;
      const { status } = await sender.send({ key: `claim bounties until ${epoch}`, ...act });
      if (status !== "confirmed") return void (await clock.sleep(SPREAD_MS, signal));
      log.info({ epoch }, "claimed bounties");
    }
    fetched.add(epoch);
  };

  return {
    name: "endings",
    advance(now: Moment) {
      const { court } = getFacts();
      for (const { id, room } of court.unpaid(me)) {
        const isUnpaid = () =>
          getFacts()
            .court.unpaid(me)
            .some((one) => one.id === id);
        const act = { contract: room, functionName: "payJuror", args: [id, me] } as const;
        end(`pay:${id}`, 0, isUnpaid, { key: `pay juror ${id}`, ...act });
      }
      const bounty = court.bounties(me).findLast((epoch) => epoch < now.epoch);
      if (bounty !== undefined && !fetched.has(bounty)) {
        jobs.run("bounties", (signal) => claimBounties(bounty, signal));
      }
      if (court.owed(me) > 0n) jobs.run("court-claim", claim);
      if (!terms.challenge) return;
      failDemands(now);
      closeSeatCases(now);
      close([...overCases(now), ...overFindings(now)], spread(now.epoch));
    },
  };
}
