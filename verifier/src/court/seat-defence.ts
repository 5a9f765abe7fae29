import type { Jobs } from "../jobs.ts";
import type { Moment, Rerunner, Sender, Step, StepDeps } from "../ports.ts";
import { leafOfSamples, positionsOf, rerunBasis } from "../samples.ts";
import type { SeatCaseFacts } from "../watch/court-facts.ts";
import { approveBond } from "./bonds.ts";
import { inputAt, judgeShown } from "./judge-seat.ts";
import { outputsAt } from "./outputs.ts";
import type { CourtReads } from "./reads.ts";
import type { Judged } from "./vote.ts";

type Deps = Pick<StepDeps, "store" | "facts" | "me" | "models" | "clock" | "log"> & {
  jobs: Jobs;
  sender: Sender;
  rerunner: Rerunner;
  reads: CourtReads;
};

/** Wait after a transaction, until its effect has been read. */
const PAUSE_MS = 700;
/** Wait before what could not be done is tried again. */
const REST_MS = 5_000;

/**
 * Answers cases about outputs that this verifier has shown: it runs the input again, and calls the jury unless its own
 * runtimes say that the outputs are wrong. Silence would cost half of its stake, so no term keeps it from putting up the bond.
 */
export function createSeatDefence(deps: Deps): Step {
  const { store, facts: getFacts, me, models, clock, log, jobs, sender, rerunner } = deps;

  /** What the own runtimes say of what was shown. */
  const judge = async (charge: SeatCaseFacts): Promise<Judged | undefined> => {
    const { modelId, seat, j } = charge;
    const model = models.get(modelId);
    const own = store.assignments.ofEpoch(charge.epoch).find((a) => {
      return a.provider === charge.provider && a.modelId === modelId && a.role === charge.role && a.seat === seat;
    });
    const shown = own && outputsAt(store, own, j);
    if (!model || !own || !shown) return undefined;
    const basis = rerunBasis(own.basis);
    const samples = leafOfSamples(positionsOf(own, basis), store.leaves.of(own));
    const input = inputAt(charge, { basis, j, model }, (sample) => samples[sample]?.inputs);
    return input === undefined ? undefined : judgeShown(shown, input, { modelId, model, rerunner });
  };

  const answer = async (charge: SeatCaseFacts, signal: AbortSignal): Promise<void> => {
    const { id, answerEnd } = charge;
    const judged = await judge(charge);
    if (!judged || judged.vote === "convict") {
      log.error({ case: id, why: judged?.reason ?? "not in this store" }, "own outputs in a case do not hold");
      return void (await clock.sleep(60_000, signal));
    }
    if (!(await approveBond(deps, "SeatCases", id))) return void (await clock.sleep(REST_MS, signal));
    const act = { contract: "SeatCases", functionName: "callJury", args: [id] } as const;
    const outcome = await sender.send({ key: `call jury ${id}`, ...act, deadline: answerEnd });
    if (outcome.status === "confirmed") log.warn({ case: id }, "own outputs are accused; a jury was called");
    else log.error({ case: id, ...outcome }, "a jury was not called yet");
    await clock.sleep(PAUSE_MS, signal);
  };

  return {
    name: "seat-defence",
    advance({ head }: Moment) {
      for (const charge of getFacts().court.seatCases()) {
        if (charge.verifier !== me || charge.jury || head.timestamp >= charge.answerEnd) continue;
        jobs.run(`defend:${charge.id}`, (signal) => answer(charge, signal));
      }
    },
  };
}
