import type { Address } from "viem";
import { type Assignment, abstains, STATES, type State, type Store } from "./store/index.ts";

/** What became of the assignments. */
export type Status = {
  verifier: Address;
  assignments: number;
  /** Revealed with findings, settled or not. */
  attested: number;
  /** Gone on with, or revealed, without findings: no duty is missed, and nothing is earned. */
  abstained: number;
  missed: number;
  byState: Record<State, number>;
  /** How often each reason ended an assignment. */
  reasons: Record<string, number>;
  /** How often each reason made one an abstention. */
  abstentions: Record<string, number>;
  /** Samples of re-run leaves and answers to own probes by what was found. */
  verdicts: { leaves: Record<string, number>; probes: Record<string, number> };
  /** Missed assignments in words, latest epochs first. */
  lastMissed: Explained[];
  /** Abstentions in words, latest epochs first. */
  lastAbstained: Explained[];
};

/** An assignment that was not attested to, and why. */
export type Explained = { epoch: string; role: string; provider: Address; reason: string; detail: string };

/** Roles by number, for people. */
const ROLES = { 0: "probe", 1: "re-run", 2: "redraw" } as const;

/** The latest of them in words. */
const explain = (assignments: readonly Assignment[]): Explained[] =>
  assignments
    .slice(-10)
    .reverse()
    .map(({ epoch, role, provider, reason, detail }) => ({
      epoch: epoch.toString(),
      role: ROLES[role],
      provider,
      reason: reason ?? "",
      detail: detail ?? "",
    }));

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
  const abstained = all.filter(abstains);
  return {
    verifier,
    assignments: all.length,
    attested: all.filter((a) => !abstains(a) && (a.state === "revealed" || a.state === "done")).length,
    abstained: abstained.length,
    missed: missed.length,
    byState: Object.fromEntries(STATES.map((state) => [state, states[state] ?? 0])) as Record<State, number>,
    reasons: countBy(missed, (a) => a.reason ?? "UNKNOWN"),
    abstentions: countBy(abstained, (a) => a.reason ?? "UNKNOWN"),
    verdicts: { leaves: store.leaves.verdicts(), probes: store.probes.verdicts() },
    lastMissed: explain(missed),
    lastAbstained: explain(abstained),
  };
}
