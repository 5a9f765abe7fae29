import { setImmediate } from "node:timers/promises";
import { SuretyError } from "@surety/protocol";
import { parseOutputsOpening } from "@surety/sdk";
import { deadlines, isRerun, roundOf, roundTimes } from "../deadlines.ts";
import type { Jobs } from "../jobs.ts";
import { fetchOpening } from "../openings.ts";
import type { Model, Moment, Step, StepDeps } from "../ports.ts";
import { backoffFor, keepTrying } from "../retry.ts";
import { positionsOf, rerunBasis } from "../samples.ts";
import { type Assignment, abstains } from "../store/index.ts";
import { greyReport, judgeAll, openingProblem, packVerdicts } from "./verdicts.ts";

/**
 * After commits have closed: fetches the outputs of the leaves that were re-run, keeps those that the leaves seal, and
 * compares. What has not come when the output window ends was not opened. A probe and an abstention have nothing to compare.
 */
export function createComparing(deps: StepDeps & { jobs: Jobs }): Step {
  const { store, facts: getFacts, chainMs, http, models, clock, rng, log, jobs } = deps;

  /** Says nothing of the provider where nothing can be known. */
  const retreat = (a: Assignment, reason: string, detail: string): void => {
    const { epoch, provider, modelId, role } = a;
    store.assignments.retract(a, { reason, detail }, greyReport(rerunBasis(a.basis).m));
    log.error({ epoch, provider, modelId, role, reason, detail }, "abstains and earns nothing here");
  };

  const gather = async (a: Assignment, model: Model, signal: AbortSignal): Promise<void> => {
    const { provider, modelId, epoch } = a;
    const facts = getFacts();
    const round = roundOf(a.role);
    const { outputsFrom, commitEnd } = roundTimes(facts.times(epoch), round);
    const until = deadlines(facts.times(epoch), round).outputsMs;
    const subject = { provider, modelId, epoch };
    const basis = rerunBasis(a.basis);
    const endpoint = facts.provider(provider)!.endpoint;
    const windowMs = until - Number(outputsFrom) * 1000;
    const patienceMs = Math.max(1_000, windowMs / 3);
    let asked = false;
    const missing = () => store.leaves.places(a).filter((leaf) => !leaf.isOpen).length;

    const attempt = async (): Promise<boolean> => {
      asked = true;
      try {
        const request = { http, endpoint, subject, samples: basis.m };
        const text = await fetchOpening(
          { ...request, deadlineMs: Math.max(1, Math.min(until - chainMs(), patienceMs)) },
          "outputs",
        );
        const shown = new Map(parseOutputsOpening(text, subject).leaves.map((leaf) => [leaf.index, leaf]));
        store.transact(() => {
          for (const leaf of store.leaves.of(a)) {
            const opened = shown.get(leaf.index);
            if (!opened || leaf.outputs) continue;
            const problem = openingProblem(opened.outputs, opened.salt, leaf.sealed);
            if (problem === null) store.leaves.open(leaf, opened.outputs, opened.salt);
            else log.warn({ ...subject, index: leaf.index, problem }, "opened outputs refused");
          }
        });
      } catch (error) {
        if (!(error instanceof SuretyError)) throw error;
        log.debug({ ...subject, code: error.code, why: error.message }, "outputs not served");
      }
      return missing() === 0;
    };

    const backoff = backoffFor(windowMs);
    const retry = { clock, rng, signal, backoff, mayContinue: () => chainMs() < until };
    const done = missing() === 0 || (await keepTrying(retry, attempt));
    if (signal.aborted) return;
    if (!done && !asked) {
      return retreat(a, "NOT_ASKED", "this verifier was not there while outputs were to be opened");
    }
    if (!done) log.warn({ ...subject, missing: missing() }, "outputs of some leaves were not opened in time");
    // As long as commits are open, a reorganisation may still ask for the commitment to be sent again.
    await clock.sleep(Math.max(0, Number(commitEnd) * 1000 - chainMs()), signal);
    if (signal.aborted) return;

    await setImmediate();
    const judged = judgeAll(store.leaves.of(a), model);
    store.transact(() => {
      for (const leaf of judged) {
        const { index, verdict, reason } = leaf;
        store.leaves.judge(leaf, verdict);
        if (verdict !== "match") log.warn({ ...subject, index, verdict, reason }, "a sample does not match");
      }
      store.assignments.move(a, "committed", "compared", {
        report: packVerdicts(positionsOf(a, basis), judged, model),
      });
    });
  };

  return {
    name: "compare",
    advance({ head }: Moment) {
      for (const a of store.assignments.inState("committed")) {
        const { commitEnd, outputsFrom } = roundTimes(getFacts().times(a.epoch), roundOf(a.role));
        const isOver = head.timestamp >= commitEnd;
        const model = models.get(a.modelId);
        if (!isRerun(a.role) || abstains(a)) {
          const report = isRerun(a.role) ? { report: greyReport(rerunBasis(a.basis).m) } : {};
          if (isOver) store.assignments.move(a, "committed", "compared", report);
        } else if (!model) {
          if (isOver) retreat(a, "UNKNOWN_MODEL", "the model's files are gone since its leaves were run");
        } else if (head.timestamp >= outputsFrom) {
          const name = `outputs:${a.role}:${a.epoch}:${a.provider}:${a.modelId}`;
          jobs.run(name, (signal) => gather(a, model, signal));
        }
      }
    },
  };
}
