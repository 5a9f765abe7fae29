import { ROLE_REDRAW, ROLE_RERUN, unpackRerunReport } from "@surety/protocol";
import { isRerun } from "../../deadlines.ts";
import type { Call, Moment } from "../../ports.ts";
import { positionsOf, rerunBasis } from "../../samples.ts";
import type { Assignment } from "../../store/index.ts";
import { needsRedraw } from "../../watch/redraw.ts";
import type { SuspectDeps, Suspicion } from "../accuse.ts";
import { sampleId } from "../demand-ids.ts";
import { onceAnEpoch } from "./epochs.ts";

/**
 * Finds samples that most seats say were not opened: a provider that shows nothing is found wrong by nobody, so somebody
 * has to demand them. What one seat alone did not get may be its own fault, and would cost the bond.
 */
export function unopenedLeaves({ store, facts: getFacts }: SuspectDeps): (now: Moment) => Suspicion[] {
  const look = (own: Assignment): Suspicion[] => {
    const { provider, modelId, epoch } = own;
    // Where the first round was below quorum, the redraw decides.
    const role = needsRedraw(getFacts(), own) ? ROLE_REDRAW : ROLE_RERUN;
    const reports = getFacts()
      .reveals({ ...own, role })
      .map(({ report }) => unpackRerunReport(report));
    return positionsOf(own, rerunBasis(own.basis)).flatMap((position, j): Suspicion[] => {
      const hidden = reports.filter(({ verdicts }) => verdicts[j] === "not-opened").length;
      if (2 * hidden <= reports.length) return [];
      const id = sampleId(own, position);
      const name = `not opened ${id}`;
      const args = [provider, modelId, epoch, j] as const;
      const call: Call = { key: name, contract: "Demands", functionName: "demandSample", args };
      return [{ name, bond: "Demands", isNew: () => !getFacts().court.wasDemanded(id), call: async () => call }];
    });
  };

  return onceAnEpoch(getFacts, (epoch) =>
    store.assignments
      .ofEpoch(epoch)
      .filter(({ role, state }) => isRerun(role) && (state === "revealed" || state === "done"))
      .flatMap(look),
  );
}
