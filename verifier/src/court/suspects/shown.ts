import { ROLE_PROBE, ROLE_REDRAW, ROLE_RERUN, unpackRerunReport } from "@surety/protocol";
import { encodeAbiParameters, keccak256, parseAbiParameters } from "viem";
import type { Call, Moment } from "../../ports.ts";
import { sha256 } from "../../rerun/data-root.ts";
import { leafOfSamples, positionsOf, type RerunBasis, rerunBasis } from "../../samples.ts";
import type { LeafRow } from "../../store/index.ts";
import type { ShownFacts } from "../../watch/court-facts.ts";
import type { RevealFacts } from "../../watch/facts.ts";
import type { SuspectDeps, Suspicion } from "../accuse.ts";
import { outputsId, type SeatName } from "../demand-ids.ts";
import { inputAt, judgeShown } from "../judge-seat.ts";

const REFUTED = parseAbiParameters("string, address, bytes32, uint64, uint8, uint8");

/** A seat that has shown outputs, and what this verifier, which sat beside it, holds of the same samples. */
type Beside = { seat: SeatName; reveal: RevealFacts; basis: RerunBasis; samples: (LeafRow | undefined)[] };

/**
 * Looks at outputs that seats have shown on demand, where this verifier sat on the same committee: those that the model does
 * not give become a case; those that are the provider's bit for bit refute a verdict against it.
 */
export function wrongOutputs(deps: SuspectDeps): (now: Moment) => Suspicion[] {
  const { store, facts: getFacts, me, models, reads, rerunner, log } = deps;

  const besideOf = ({ id, epoch, modelId, accused, place }: ShownFacts): Beside | undefined => {
    for (const own of store.assignments.ofEpoch(epoch)) {
      if (own.role === ROLE_PROBE || own.modelId !== modelId) continue;
      for (const role of [ROLE_RERUN, ROLE_REDRAW]) {
        const { provider } = own;
        const reveal = getFacts()
          .reveals({ provider, modelId, epoch, role })
          .find(({ verifier }) => verifier === accused);
        const seat = reveal && { provider, modelId, epoch, role, seat: reveal.seat };
        if (!seat || outputsId(seat, Number(place)) !== id) continue;
        const basis = rerunBasis(own.basis);
        const samples = leafOfSamples(positionsOf(own, basis), store.leaves.of(own));
        return { seat, reveal, basis, samples };
      }
    }
    return undefined;
  };

  const wrong = ({ id, place, block }: ShownFacts, { seat, basis, samples }: Beside): Suspicion => {
    const { provider, modelId, epoch, role } = seat;
    const name = `wrong own outputs ${id}`;
    const holds = async (): Promise<boolean> => {
      const model = models.get(modelId);
      const shown = model && (await reads.shownOutputs(id, block));
      const input = model && inputAt(seat, { basis, j: Number(place), model }, (j) => samples[j]?.inputs);
      if (!shown || input === undefined) return false;
      const { vote, reason } = await judgeShown(shown, input, { modelId, model, rerunner });
      log[vote === "acquit" ? "info" : "warn"]({ ...seat, place, vote, reason }, "looked at a seat's own outputs");
      return vote === "convict";
    };
    const args = [provider, modelId, epoch, role, seat.seat, Number(place)] as const;
    const call: Call = { key: name, contract: "SeatCases", functionName: "open", args };
    const isNew = () => !getFacts().court.wasCharged(id);
    return { name, bond: "SeatCases", isNew, holds, call: async () => call };
  };

  const refuted = ({ id, place, block }: ShownFacts, { seat, reveal, samples }: Beside): Suspicion[] => {
    const j = Number(place);
    const leaf = samples[j];
    if (!leaf?.outputs || !leaf.proof || !leaf.salt) return [];
    if (unpackRerunReport(reveal.report).verdicts[j] !== "mismatch") return [];
    const { proof, salt } = leaf;
    const hash = sha256(leaf.outputs);
    const { provider, modelId, epoch, role } = seat;
    const fault = keccak256(
      encodeAbiParameters(REFUTED, ["refuted verdict", provider, modelId, epoch, role, seat.seat]),
    );
    const name = `refuted by own outputs ${id}`;
    const holds = async (): Promise<boolean> => {
      const shown = await reads.shownOutputs(id, block);
      return shown !== undefined && sha256(shown.native) === hash && sha256(shown.wasm) === hash;
    };
    const call = async (): Promise<Call | undefined> => {
      const [rerun, shown] = await Promise.all([reads.attestedOf(seat, reveal), reads.shownOutputs(id, block)]);
      if (!rerun || !shown) return undefined;
      const args = [rerun, j, hash, hash, shown.proof, proof, salt, hash] as const;
      return { key: name, contract: "Faults", functionName: "refutedVerdict", args };
    };
    return [{ name, isNew: () => !getFacts().court.isProven(fault), holds, call }];
  };

  return ({ seen }) =>
    [...getFacts().court.shown()].flatMap((shown): Suspicion[] => {
      const end = shown.deadline + getFacts().windows(shown.epoch).answerWindow;
      if (shown.accused === me || seen >= end) return [];
      const beside = besideOf(shown);
      return beside ? [...refuted(shown, beside), wrong(shown, beside)] : [];
    });
}
