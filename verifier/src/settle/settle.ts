import { createHash } from "node:crypto";
import type { Jobs } from "../jobs.ts";
import type { Moment, Sender, Step, StepDeps } from "../ports.ts";
import { share } from "../random.ts";
import { type RecordEpoch, revealsEnd } from "../watch/redraw.ts";

type Deps = Pick<StepDeps, "store" | "facts" | "clock" | "rng" | "log" | "chainMs"> & {
  jobs: Jobs;
  sender: Sender;
};

/**
 * Settles records, as anybody may, in the order of their promised epochs: after the reveals, those of a redraw too, after a random wait, and only
 * if nobody else has; all that are due by then at once, which costs a fifth less gas. Also notes which own assignments are
 * done: their epoch is settled.
 */
export function createSettling(deps: Deps): Step {
  const { store, facts: getFacts, chainMs, clock, rng, log, jobs, sender } = deps;

  /** The next epochs of all records that may be settled at a time, Unix seconds. */
  const dueAt = (time: bigint): RecordEpoch[] => {
    const facts = getFacts();
    return facts.promises.records().flatMap(({ provider, modelId }) => {
      const epoch = facts.nextToSettle(provider, modelId);
      if (epoch === undefined || time < revealsEnd(facts, { provider, modelId, epoch })) return [];
      return [{ provider, modelId, epoch }];
    });
  };

  /** Settles these, in as few transactions as pass. @returns whether all passed */
  const send = async (due: readonly RecordEpoch[]): Promise<boolean> => {
    const which = createHash("sha256")
      .update(due.map(({ provider, modelId, epoch }) => `${provider}${modelId}${epoch}`).join())
      .digest("hex")
      .slice(0, 12);
    const outcome = await sender.send({
      key: `settle ${due.length} ${which}`,
      contract: "AttestationHub",
      functionName: "settleAll",
      args: [due.map(({ provider, modelId }) => ({ provider, modelId }))],
    });
    if (outcome.status === "confirmed") {
      for (const record of due) log.info(record, "record settled");
      return true;
    }
    // One that cannot be settled, because an earlier weight cannot be credited yet, does not keep the others from it.
    const splits = outcome.status === "too-large" || outcome.status === "rejected";
    if (splits && due.length > 1) {
      const half = Math.ceil(due.length / 2);
      const passed = [await send(due.slice(0, half)), await send(due.slice(half))];
      return passed.every(Boolean);
    }
    log.debug({ records: due, ...outcome }, "not settled");
    return false;
  };

  const settle = async (first: RecordEpoch, signal: AbortSignal): Promise<void> => {
    const { revealEnd, settleEnd } = getFacts().times(first.epoch);
    const spreadMs = Math.min(60_000, Number(settleEnd - revealEnd) * 300);
    await clock.sleep(spreadMs * share(rng), signal);
    if (signal.aborted) return;
    // What somebody else has settled while we waited is not due any more.
    const due = dueAt(BigInt(Math.floor(chainMs() / 1000)));
    const passed = due.length === 0 || (await send(due));
    await clock.sleep(passed ? 700 : spreadMs, signal);
  };

  return {
    name: "settle",
    advance({ head }: Moment) {
      const facts = getFacts();
      for (const a of store.assignments.inState("revealed")) {
        if (facts.settled(a.provider, a.modelId, a.epoch)) store.assignments.move(a, "revealed", "done");
      }
      const [first] = dueAt(head.timestamp);
      if (first) jobs.run("settle", (signal) => settle(first, signal));
    },
  };
}
