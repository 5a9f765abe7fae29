import type { Jobs } from "../jobs.ts";
import type { Call, Moment, Rerunner, Sender, Step, StepDeps } from "../ports.ts";
import { share } from "../random.ts";
import { approveBond, isWithin } from "./bonds.ts";
import { type CourtTerms, isCheap } from "./limits.ts";
import type { BondRoom, CourtReads } from "./reads.ts";
import { absentees } from "./suspects/absent.ts";
import { falseAccusers } from "./suspects/accusers.ts";
import { brokenPromises } from "./suspects/breaches.ts";
import { missingLogs } from "./suspects/logs.ts";
import { hiddenOwnInputs } from "./suspects/own-inputs.ts";
import { hiddenReceipts, repeatedReceipts } from "./suspects/probes.ts";
import { falseReceipts } from "./suspects/receipts.ts";
import { falseReports } from "./suspects/reports.ts";
import { wrongOutputs } from "./suspects/shown.ts";
import { ejectedHolders, unbackedHolders } from "./suspects/tickets.ts";
import { unopenedLeaves } from "./suspects/unopened.ts";

/** What a verifier has found against somebody. */
export type Suspicion = {
  /** Names it for ever. */
  name: string;
  /** Whether the chain does not know it yet. */
  isNew: () => boolean;
  /** The accusation; undefined if it cannot be made from what is public. */
  call: () => Promise<Call | undefined>;
  /** Says whether it is true, where that takes work; asked before anything is sent. */
  holds?: () => Promise<boolean>;
  /** The room that takes a bond for it, which is lost if the accused answers; undefined: none. */
  bond?: BondRoom;
};

/** What finders of suspicions are made from. */
export type SuspectDeps = Pick<StepDeps, "store" | "facts" | "me" | "models" | "log"> & {
  reads: CourtReads;
  rerunner: Rerunner;
};

type Deps = SuspectDeps & Pick<StepDeps, "clock" | "rng"> & { jobs: Jobs; sender: Sender; terms: CourtTerms };

/** Wait after a transaction, until its effect has been read. */
const PAUSE_MS = 700;
/** Longest random wait before an accusation: others may have found the same. */
const SPREAD_MS = 60_000;
/** Refusals after which an accusation is given up. */
const TRIES = 3;

/**
 * Accuses whom this verifier's own evidence convicts without a jury (docs/protocol.md section 8, "Objective"): providers
 * without a log, with two receipts on one number, or with a receipt that their log cannot hold; verifiers whose verdict
 * hashes refute, that committed to no outputs, or that count a receipt twice; seats whose mismatch a jury refuted; whoever was drawn and did not reveal. What most
 * seats did not get to see is demanded, and the own outputs and receipts of probes that the next seed asks for; outputs that
 * were shown and are wrong become a case. One accusation at a time, within the terms.
 */
export function createAccusing(deps: Deps): Step {
  const { facts: getFacts, clock, rng, log, jobs, sender, reads, terms } = deps;
  const finders = [
    missingLogs,
    falseReceipts,
    falseReports,
    unopenedLeaves,
    hiddenOwnInputs,
    hiddenReceipts,
    repeatedReceipts,
    falseAccusers,
    wrongOutputs,
    absentees,
    ejectedHolders,
    unbackedHolders,
    brokenPromises,
  ].map((finder) => finder(deps));
  /** How often accusations were refused: {@link TRIES} for those that cannot be made. */
  const refused = new Map<string, number>();
  /** Accusations that wait for a bond or for cheaper gas, and until when (milliseconds of the monotonic clock). */
  const waiting = new Map<string, number>();
  const isOpen = ({ name, isNew }: Suspicion): boolean =>
    (refused.get(name) ?? 0) < TRIES && (waiting.get(name) ?? 0) <= clock.monotonic() && isNew();

  const readyBond = async (room: BondRoom, purpose: string): Promise<boolean> =>
    (await isWithin(deps, terms, room)) && (await approveBond(deps, room, purpose));

  const accuse = async (suspicion: Suspicion, epochMs: number, signal: AbortSignal): Promise<void> => {
    const { name, isNew, holds, bond } = suspicion;
    if (holds && !(await holds())) return void refused.set(name, TRIES);
    await clock.sleep(Math.min(SPREAD_MS, epochMs * 0.15) * share(rng), signal);
    if (signal.aborted || !isNew()) return;
    if (!(await isCheap(reads, terms, log)) || (bond && !(await readyBond(bond, name)))) {
      waiting.set(name, clock.monotonic() + SPREAD_MS);
      return;
    }
    const call = await suspicion.call();
    const outcome = call && (await sender.send(call));
    if (outcome?.status === "confirmed") log.warn({ accusation: name }, "accused at the court");
    else if (isNew()) log.warn({ accusation: name, ...outcome }, "an accusation could not be made");
    if (!outcome) refused.set(name, TRIES);
    else if (outcome.status === "rejected") refused.set(name, (refused.get(name) ?? 0) + 1);
    await clock.sleep(PAUSE_MS, signal);
  };

  return {
    name: "accuse",
    advance(now: Moment) {
      if (jobs.running("accuse")) return;
      const { start, end } = getFacts().times(now.epoch);
      for (const find of finders) {
        const suspicion = find(now).find(isOpen);
        if (!suspicion) continue;
        jobs.run("accuse", (signal) => accuse(suspicion, Number(end - start) * 1000, signal));
        return;
      }
    },
  };
}
