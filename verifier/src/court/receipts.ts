import { probeTree } from "@surety/protocol";
import type { Jobs } from "../jobs.ts";
import type { Moment, Sender, Step, StepDeps } from "../ports.ts";
import { receiptsOf } from "../rerun/probe-receipts.ts";
import type { DemandFacts } from "../watch/court-facts.ts";
import { probeId } from "./demand-ids.ts";

type Deps = Pick<StepDeps, "store" | "facts" | "me" | "clock" | "log"> & { jobs: Jobs; sender: Sender };

/** Wait after a transaction, until its effect has been read. */
const PAUSE_MS = 700;

/** Shows the receipts of this verifier's probes on demand, from its store. An answer earns the bond, if there is one. */
export function createOwnReceipts({ store, facts: getFacts, me, clock, log, jobs, sender }: Deps): Step {
  const answer = async ({ id, epoch, modelId, place, deadline }: DemandFacts, signal: AbortSignal): Promise<void> => {
    const i = Number(place);
    const seat = store.assignments.ofEpoch(epoch).find((a) => probeId(a, i) === id);
    const receipts = seat ? receiptsOf(store, seat) : [];
    const shown = receipts[i];
    const path = probeTree(receipts.map(({ structHash }) => structHash)).proof(i);
    if (!shown || !path) {
      log.error(
        { demand: id, epoch, modelId, receipt: place },
        "the receipt of a probe is demanded that is not in this store",
      );
      // It will not be there a moment later either.
      return void (await clock.sleep(60_000, signal));
    }
    const outcome = await sender.send({
      key: `answer ${id}`,
      contract: "Demands",
      functionName: "answerProbe",
      args: [id, shown.receipt, shown.signature, path],
      deadline,
    });
    if (outcome.status === "confirmed") log.info({ demand: id, epoch, modelId }, "the receipt of a probe shown");
    else log.error({ demand: id, ...outcome }, "the receipt of a probe was not shown yet");
    await clock.sleep(PAUSE_MS, signal);
  };

  return {
    name: "own-receipts",
    advance({ head }: Moment) {
      for (const demand of getFacts().court.demands()) {
        const isMine = demand.kind === "probe" && demand.accused === me;
        if (isMine && head.timestamp < demand.deadline) {
          jobs.run(`answer:${demand.id}`, (signal) => answer(demand, signal));
        }
      }
    },
  };
}
