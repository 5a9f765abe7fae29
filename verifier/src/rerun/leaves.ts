import { setImmediate } from "node:timers/promises";
import { decodeTensors, encodeTensors, rerunTree, type Tensor } from "@surety/protocol";
import { deadlines, isRerun, roundOf } from "../deadlines.ts";
import type { Jobs } from "../jobs.ts";
import type { Rerunner, Step, StepDeps } from "../ports.ts";
import { leafOfSamples, positionsOf, rerunBasis } from "../samples.ts";
import type { Assignment, LeafRow } from "../store/index.ts";
import { storedItems } from "./data-root.ts";
import { drawOf, type MixedFrom, runOwn } from "./own.ts";

/** Leaves that one message to a runtime carries: results are kept this often. */
const BATCH = 8;

const bytesOf = (result: Tensor[] | Error): Uint8Array | null =>
  result instanceof Error ? null : encodeTensors(result);

/**
 * Runs the inputs of sampled leaves natively and in WASM and keeps the outputs: what the seat commits to, before it may see
 * the provider's. First those that the seat's own input is mixed from and that input, because who has run the ones owes the
 * other. When time is up, what has been run counts and the rest stays without an own result; a seat that has not run the
 * input it owes abstains.
 */
export function createLeafRerun(deps: StepDeps & { jobs: Jobs; rerunner: Rerunner }): Step {
  const { store, facts, chainMs, models, log, jobs, rerunner } = deps;
  const isOpen = (a: Assignment): boolean => {
    const now = store.assignments.get(a);
    return now?.state === "evidence" && now.basis === a.basis;
  };

  const run = async (a: Assignment, leaves: LeafRow[]): Promise<void> => {
    const sets = leaves.map((leaf) => decodeTensors(leaf.inputs));
    const [native, wasm] = await Promise.all([rerunner.native(a.modelId, sets), rerunner.wasm(a.modelId, sets)]);
    store.transact(() => {
      // The root may have been fixed meanwhile: what comes later must not change what it covers.
      if (!isOpen(a)) return;
      for (const [i, leaf] of leaves.entries()) {
        const results = [native[i]!, wasm[i]!];
        const failure = results.find((r) => r instanceof Error)?.message ?? null;
        if (failure) log.warn({ epoch: a.epoch, modelId: a.modelId, index: leaf.index, failure }, "leaf not re-run");
        const own = { native: bytesOf(results[0]!), wasm: bytesOf(results[1]!), failure };
        store.leaves.rerun(leaf, own, roundOf(a.role));
      }
    });
  };

  /** The leaves that the own input is mixed from, as far as they are there. */
  const sourcesOf = (a: Assignment) => {
    const basis = rerunBasis(a.basis);
    const { i, k, w } = drawOf(a, basis);
    const samples = leafOfSamples(positionsOf(a, basis), store.leaves.of(a));
    return { first: samples[i], second: samples[k], w };
  };

  /** What the own input is mixed from; undefined if the seat does not owe it: it has not run both. */
  const mixedFrom = (a: Assignment): (MixedFrom & { w: number }) | undefined => {
    const { first, second, w } = sourcesOf(a);
    if (!first?.native || !first.wasm || !second?.native || !second.wasm) return undefined;
    return { i: first.inputs, k: second.inputs, w };
  };

  const runOwnInput = async (a: Assignment): Promise<void> => {
    const manifest = models.get(a.modelId)?.manifest;
    const from = mixedFrom(a);
    if (!manifest || !from || store.own.get(a)) return;
    const ran = await runOwn({ modelId: a.modelId, manifest, rerunner }, from, from.w);
    const { epoch, modelId } = a;
    if (ran instanceof Error) return log.warn({ epoch, modelId, why: ran.message }, "the seat's own input was not run");
    store.transact(() => {
      if (isOpen(a)) store.own.add(a, ran);
    });
  };

  const finish = (a: Assignment): void => {
    store.transact(() => {
      const { epoch, provider, modelId, role } = a;
      if (!store.own.get(a) && mixedFrom(a)) {
        const why = {
          reason: "NO_OWN_INPUT",
          detail: "the seat's own input was not run: silence on demand would cost 5 %",
        };
        store.assignments.abstain(a, why);
        return log.warn({ epoch, provider, modelId, role, ...why }, "abstains and earns nothing here");
      }
      const dataRoot = rerunTree(storedItems(store, a)).root;
      store.assignments.move(a, "evidence", "rerun", { dataRoot });
    });
  };

  const work = async (a: Assignment, signal: AbortSignal): Promise<void> => {
    const open = store.leaves.of(a).filter((leaf) => !leaf.native && !leaf.failure);
    const { first, second } = sourcesOf(a);
    const isSource = ({ index }: LeafRow) => index === first?.index || index === second?.index;
    const sources = open.filter(isSource);
    if (sources.length > 0 && isOpen(a)) await run(a, sources);
    if (signal.aborted) return;
    if (isOpen(a)) await runOwnInput(a);
    if (signal.aborted) return;
    const rest = open.filter((leaf) => !isSource(leaf));
    for (let i = 0; i < rest.length && isOpen(a); i += BATCH) {
      await run(a, rest.slice(i, i + BATCH));
      if (signal.aborted) return;
    }
    await setImmediate();
    if (isOpen(a)) finish(a);
  };

  return {
    name: "rerun",
    advance() {
      for (const a of store.assignments.inState("evidence")) {
        if (!isRerun(a.role)) continue;
        if (chainMs() >= deadlines(facts().times(a.epoch), roundOf(a.role)).rerunMs) finish(a);
        else jobs.run(`rerun:${a.role}:${a.epoch}:${a.provider}:${a.modelId}`, (signal) => work(a, signal));
      }
    },
  };
}
