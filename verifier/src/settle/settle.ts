import type { Address, Hex } from "viem";
import type { Jobs } from "../jobs.ts";
import type { Moment, Sender, Step, StepDeps } from "../ports.ts";
import { share } from "../random.ts";
import { revealsEnd } from "../watch/redraw.ts";

type Deps = Pick<StepDeps, "store" | "facts" | "clock" | "rng" | "log"> & {
  jobs: Jobs;
  sender: Sender;
};

/**
 * Settles records, as anybody may, in the order of their promised epochs: after the reveals, those of a redraw too, after a random wait, and only
 * if nobody else has. Also notes which own assignments are done: their epoch is settled.
 */
export function createSettling(deps: Deps): Step {
  const { store, facts: getFacts, clock, rng, log, jobs, sender } = deps;

  const settle = async (provider: Address, modelId: Hex, epoch: bigint, signal: AbortSignal): Promise<void> => {
    const { revealEnd, settleEnd } = getFacts().times(epoch);
    const isNext = () => getFacts().nextToSettle(provider, modelId) === epoch;
    const spreadMs = Math.min(60_000, Number(settleEnd - revealEnd) * 300);
    await clock.sleep(spreadMs * share(rng), signal);
    if (signal.aborted || !isNext()) return;
    const outcome = await sender.send({
      key: `settle epoch ${epoch} of ${provider} ${modelId}`,
      contract: "AttestationHub",
      functionName: "settle",
      args: [provider, modelId],
    });
    if (outcome.status === "confirmed") log.info({ epoch, provider, modelId }, "record settled");
    else if (isNext()) log.debug({ epoch, provider, modelId, ...outcome }, "not settled");
    // Somebody else was first, or an earlier weight cannot be credited yet: look again a little later.
    await clock.sleep(outcome.status === "confirmed" ? 700 : spreadMs, signal);
  };

  return {
    name: "settle",
    advance({ head }: Moment) {
      const facts = getFacts();
      for (const a of store.assignments.inState("revealed")) {
        if (facts.settled(a.provider, a.modelId, a.epoch)) store.assignments.move(a, "revealed", "done");
      }
      for (const { provider, modelId } of facts.promises.records()) {
        const next = facts.nextToSettle(provider, modelId);
        if (next === undefined || head.timestamp < revealsEnd(facts, { provider, modelId, epoch: next })) continue;
        jobs.run(`settle:${provider}:${modelId}`, (signal) => settle(provider, modelId, next, signal));
      }
    },
  };
}
