import { ROLE_PROBE } from "@surety/protocol";
import type { Moment, Step, StepDeps } from "../ports.ts";
import type { Assignment } from "../store/index.ts";

const OVER = ["answered", "failed", "lost"];

/** Ends the probing of an epoch: when the epoch and all its probes are over, the assignment has its evidence. */
export function createProbeEnd({ store, facts }: Pick<StepDeps, "store" | "facts">): Step {
  const finish = (a: Assignment): void => {
    if (store.probes.of(a).every((probe) => OVER.includes(probe.state)))
      store.assignments.move(a, "planned", "evidence");
  };
  return {
    name: "probe-end",
    advance({ head }: Moment) {
      for (const a of store.assignments.inState("planned")) {
        if (a.role === ROLE_PROBE && head.timestamp >= facts().times(a.epoch).end) finish(a);
      }
    },
  };
}
