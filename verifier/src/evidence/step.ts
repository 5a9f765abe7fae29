import { SuretyError } from "@surety/protocol";
import { deadlines, isRerun, roundOf, roundTimes } from "../deadlines.ts";
import type { Jobs } from "../jobs.ts";
import { fetchOpening } from "../openings.ts";
import type { StepDeps } from "../ports.ts";
import { backoffFor, keepTrying } from "../retry.ts";
import { leafOfSamples, positionsOf, rerunBasis } from "../samples.ts";
import { type Assignment, otherRerun } from "../store/index.ts";
import { readOpening } from "./read-opening.ts";

/**
 * Fetches the inputs of sampled leaves and keeps those that are what the log committed to. An assignment moves on when
 * every sample has its leaf, or when time is up: what is missing then was not opened.
 */
export function createEvidence(deps: StepDeps & { jobs: Jobs }) {
  const { store, facts: getFacts, chainMs, http, models, clock, rng, log, jobs } = deps;

  const gather = async (a: Assignment, signal: AbortSignal): Promise<void> => {
    const { provider, modelId, epoch } = a;
    const facts = getFacts();
    const subject = { provider, modelId, epoch };
    const model = models.get(modelId);
    const endpoint = facts.provider(provider)?.endpoint;
    const abstain = (reason: string, detail: string): void => {
      if (store.assignments.abstain(a, { reason, detail }))
        log.warn({ ...subject, role: a.role, reason, detail }, "abstains and earns nothing here");
    };
    if (!model || endpoint === undefined) {
      return abstain("UNKNOWN_MODEL", `this verifier holds no files of model ${modelId} that it can judge by`);
    }
    const other = otherRerun(store, a);
    if (other && other.basis !== a.basis) {
      return abstain("OTHER_LOG", "the leaves in this store are of a log that the chain no longer holds");
    }
    const basis = rerunBasis(a.basis);
    const positions = positionsOf(a, basis);
    const ground = { ...subject, ...basis, manifest: model.manifest };
    const { inputsFrom, commitEnd } = roundTimes(facts.times(epoch), roundOf(a.role));
    const until = deadlines(facts.times(epoch), roundOf(a.role)).evidenceMs;
    const windowMs = Number(commitEnd - inputsFrom) * 1000;
    const patienceMs = Math.max(1_000, windowMs / 3);
    const isMine = () => store.assignments.get(a)?.basis === a.basis;

    const complete = () => !leafOfSamples(positions, store.leaves.places(a)).includes(undefined);

    let asked = false;
    const attempt = async (): Promise<boolean> => {
      asked = true;
      try {
        const request = { http, endpoint, subject, samples: basis.m };
        const text = await fetchOpening(
          { ...request, deadlineMs: Math.max(1, Math.min(until - chainMs(), patienceMs)) },
          "inputs",
        );
        const { leaves, refused } = await readOpening(text, ground, positions);
        for (const leaf of refused) log.warn({ ...subject, ...leaf }, "leaf refused");
        if (!isMine()) return true;
        store.transact(() => {
          for (const leaf of leaves) store.leaves.add(leaf);
        });
      } catch (error) {
        if (!(error instanceof SuretyError)) throw error;
        log.debug({ ...subject, code: error.code, why: error.message }, "inputs not served");
      }
      return complete();
    };

    const backoff = backoffFor(windowMs);
    const done =
      complete() || (await keepTrying({ clock, rng, signal, backoff, mayContinue: () => chainMs() < until }, attempt));
    if (signal.aborted || !isMine()) return;
    if (!done && !asked && store.leaves.places(a).length === 0) {
      return abstain("NOT_ASKED", "this verifier was not there while inputs were to be opened");
    }
    if (!done) {
      const missing = leafOfSamples(positions, store.leaves.places(a)).filter((leaf) => leaf === undefined).length;
      log.warn({ ...subject, missing, m: basis.m }, "inputs of some samples were not opened in time");
    }
    store.assignments.move(a, "planned", "evidence");
  };

  return {
    name: "evidence",
    advance(): void {
      for (const a of store.assignments.inState("planned")) {
        if (!isRerun(a.role)) continue;
        jobs.run(`inputs:${a.role}:${a.epoch}:${a.provider}:${a.modelId}`, (signal) => gather(a, signal));
      }
    },
  };
}
