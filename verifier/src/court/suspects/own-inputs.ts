import { isRedone, ROLE_PROBE, ROLE_REDRAW, ROLE_RERUN } from "@surety/protocol";
import type { Call, Moment } from "../../ports.ts";
import { drawOf } from "../../rerun/own.ts";
import { leafOfSamples, positionsOf, rerunBasis } from "../../samples.ts";
import type { Assignment } from "../../store/index.ts";
import type { SuspectDeps, Suspicion } from "../accuse.ts";
import { hasRun, outputsId } from "../demand-ids.ts";
import { onceAnEpoch } from "./epochs.ts";

/**
 * Finds the seats whose own inputs the next epoch's seed has redone (docs/protocol.md section 3), among those whose inputs
 * this verifier holds because it sat beside them. Their outputs are demanded without a bond.
 */
export function hiddenOwnInputs({ store, facts: getFacts, me, reads }: SuspectDeps): (now: Moment) => Suspicion[] {
  const look = (own: Assignment): Suspicion[] => {
    const { provider, modelId, epoch } = own;
    const seed = getFacts().seed(epoch + 1n)!.seed;
    const basis = rerunBasis(own.basis);
    const samples = leafOfSamples(positionsOf(own, basis), store.leaves.of(own));
    const found = [ROLE_RERUN, ROLE_REDRAW].flatMap((role) => {
      return getFacts()
        .reveals({ provider, modelId, epoch, role })
        .map((shown) => ({ role, shown }));
    });
    return found.flatMap(({ role, shown }): Suspicion[] => {
      const seat = { provider, modelId, epoch, role, seat: shown.seat };
      if (shown.verifier === me || !isRedone({ seed, provider, modelId, role, seat: shown.seat })) return [];
      const isOwed = [drawOf(seat, basis).i, drawOf(seat, basis).k].every((j) => samples[j] && hasRun(shown.report, j));
      if (!isOwed) return [];
      const id = outputsId(seat, basis.m);
      const name = `redo ${id}`;
      const call = async (): Promise<Call | undefined> => {
        const rerun = await reads.attestedOf(seat, shown);
        return rerun && { key: name, contract: "Demands", functionName: "demandOutputs", args: [rerun, basis.m] };
      };
      return [{ name, isNew: () => !getFacts().court.wasDemanded(id), call }];
    });
  };

  return onceAnEpoch(
    getFacts,
    (epoch) =>
      store.assignments
        .ofEpoch(epoch)
        .filter(({ role }) => role !== ROLE_PROBE)
        .flatMap(look),
    (epoch, { seen }) => seen >= getFacts().times(epoch).redrawEnd && getFacts().seed(epoch + 1n) !== undefined,
  );
}
