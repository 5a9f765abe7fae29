import { rerunTree } from "@surety/protocol";
import { toHex } from "viem";
import { isRerun } from "../deadlines.ts";
import type { Jobs } from "../jobs.ts";
import type { Moment, Sender, Step, StepDeps } from "../ports.ts";
import { storedItems } from "../rerun/data-root.ts";
import { leafOfSamples, positionsOf, rerunBasis } from "../samples.ts";
import type { Assignment, OwnOutputs, Store } from "../store/index.ts";
import type { DemandFacts } from "../watch/court-facts.ts";
import type { CourtReads } from "./reads.ts";

type Deps = Pick<StepDeps, "store" | "facts" | "me" | "clock" | "log"> & {
  jobs: Jobs;
  sender: Sender;
  reads: CourtReads;
};

/** Wait after a transaction, until its effect has been read. */
const PAUSE_MS = 700;

/** What a seat committed to for sample j, or after the last for its own input. */
export function outputsAt(store: Store, seat: Assignment, j: number): OwnOutputs | undefined {
  const positions = positionsOf(seat, rerunBasis(seat.basis));
  if (j === positions.length) return store.own.get(seat);
  const leaf = leafOfSamples(positions, store.leaves.of(seat))[j];
  return leaf?.native && leaf.wasm ? { native: leaf.native, wasm: leaf.wasm } : undefined;
}

/** Shows this verifier's own outputs on demand: what it committed to as a seat, from its store. An answer earns the bond. */
export function createOwnOutputs(deps: Deps): Step {
  const { store, facts: getFacts, me, clock, log, jobs, sender, reads } = deps;

  const answer = async ({ id, epoch, modelId, place, deadline }: DemandFacts, signal: AbortSignal): Promise<void> => {
    const subject = await reads.subjectOf(id);
    const seat = store.assignments
      .ofEpoch(epoch)
      .find((a) => isRerun(a.role) && a.modelId === modelId && a.dataRoot === subject);
    const shown = seat && outputsAt(store, seat, Number(place));
    const path = seat && rerunTree(storedItems(store, seat)).proof(Number(place));
    if (!shown || !path) {
      log.error({ demand: id, epoch, modelId, sample: place }, "own outputs are demanded that are not in this store");
      // They will not be there a moment later either.
      return void (await clock.sleep(60_000, signal));
    }
    const outcome = await sender.send({
      key: `answer ${id}`,
      contract: "Demands",
      functionName: "answerOutputs",
      args: [id, toHex(shown.native), toHex(shown.wasm), path],
      deadline,
    });
    if (outcome.status === "confirmed") log.info({ demand: id, epoch, modelId }, "own outputs shown");
    else log.error({ demand: id, ...outcome }, "own outputs were not shown yet");
    await clock.sleep(PAUSE_MS, signal);
  };

  return {
    name: "own-outputs",
    advance({ head }: Moment) {
      for (const demand of getFacts().court.demands()) {
        const isMine = demand.kind === "outputs" && demand.accused === me;
        if (isMine && head.timestamp < demand.deadline) {
          jobs.run(`answer:${demand.id}`, (signal) => answer(demand, signal));
        }
      }
    },
  };
}
