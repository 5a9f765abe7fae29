import type { Address } from "viem";
import { STATES, type State, type Store } from "./store/index.ts";

/** What became of the assignments. */
export type Status = {
  verifier: Address;
  assignments: number;
  /** Revealed, settled or not. */
  attested: number;
  missed: number;
  byState: Record<State, number>;
  /** How often each reason ended an assignment. */
  reasons: Record<string, number>;
  /** Samples of re-run leaves and answers to own probes by what was found. */
  verdicts: { leaves: Record<string, number>; probes: Record<string, number> };
  /** Latest epochs first, each with its missed assignments in words. */
  lastMissed: { epoch: string; role: "probe" | "re-run"; provider: Address; reason: string; detail: string }[];
};

const countBy = <T>(items: readonly T[], name: (item: T) => string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const item of items) counts[name(item)] = (counts[name(item)] ?? 0) + 1;
  return counts;
};

/** Counts what the store holds; reads nothing else. */
export function statusOf(store: Store, verifier: Address): Status {
  const all = store.assignments.all();
  const states = countBy(all, (a) => a.state);
  const missed = all.filter((a) => a.state === "missed");
  return {
    verifier,
    assignments: all.length,
    attested: all.filter((a) => a.state === "revealed" || a.state === "done").length,
    missed: missed.length,
    byState: Object.fromEntries(STATES.map((state) => [state, states[state] ?? 0])) as Record<State, number>,
    reasons: countBy(missed, (a) => a.reason ?? "UNKNOWN"),
    verdicts: { leaves: store.leaves.verdicts(), probes: store.probes.verdicts() },
    lastMissed: missed
      .slice(-10)
      .reverse()
      .map((a) => ({
        epoch: a.epoch.toString(),
        role: a.role === 0 ? "probe" : "re-run",
        provider: a.provider,
        reason: a.reason ?? "",
        detail: a.detail ?? "",
      })),
  };
}
