import { rerunTree, unpackRerunReport } from "@surety/protocol";
import { encodeAbiParameters, keccak256, parseAbiParameters, zeroHash } from "viem";
import { isRerun } from "../../deadlines.ts";
import type { Call, Moment } from "../../ports.ts";
import { sha256, storedItems } from "../../rerun/data-root.ts";
import { leafOfSamples, positionsOf, rerunBasis } from "../../samples.ts";
import type { Assignment, LeafRow } from "../../store/index.ts";
import type { RevealFacts } from "../../watch/facts.ts";
import type { SuspectDeps, Suspicion } from "../accuse.ts";
import { hasRun, outputsId } from "../demand-ids.ts";
import { onceAnEpoch } from "./epochs.ts";

const REFUTED = parseAbiParameters("string, address, bytes32, uint64, uint8, uint8");
/** Seats that say of a sample what this one says, itself included, before the opposite is suspect. */
const SAME = 3;
/** Epochs in which a verifier that showed its outputs is not asked again: to ask an honest one costs the bond. */
const REST = 30n;

/**
 * Finds verdicts of other seats that hashes refute, and seats that may have run nothing.
 *
 * A seat with this seat's own data root has copied it: a verdict against what it says bit for bit refutes itself. A seat that
 * committed to no outputs cannot show any. A seat that contradicts this one and most others on a sample has to show what it
 * ran there, but only once in a while.
 */
export function falseReports({ store, facts: getFacts, me, models, reads }: SuspectDeps): (now: Moment) => Suspicion[] {
  const refuted = (own: Assignment, shown: RevealFacts, leaves: (LeafRow | undefined)[]): Suspicion | undefined => {
    const { provider, modelId, epoch, role } = own;
    const { verdicts } = unpackRerunReport(shown.report);
    const isExact = models.get(modelId)?.profile.outputs.every(({ tauMax }) => tauMax === 0) ?? false;
    const j = leaves.findIndex((leaf, i) => {
      if (!leaf?.native || !leaf.wasm || !leaf.outputs || !leaf.proof || !leaf.salt) return false;
      const hash = sha256(leaf.outputs);
      const [isNative, isWasm] = [hash === sha256(leaf.native), hash === sha256(leaf.wasm)];
      if (verdicts[i] === "mismatch") return isNative && isWasm;
      return isExact && verdicts[i] === "match" && !isNative && !isWasm;
    });
    const leaf = leaves[j];
    if (!leaf) return undefined;
    const fault = keccak256(
      encodeAbiParameters(REFUTED, ["refuted verdict", provider, modelId, epoch, role, shown.seat]),
    );
    const name = `refuted verdict ${provider} ${modelId} ${epoch} ${role} ${shown.seat}`;
    const call = async (): Promise<Call | undefined> => {
      const rerun = await reads.attestedOf({ provider, modelId, epoch, role }, shown);
      const path = rerunTree(storedItems(store, own)).proof(j);
      if (!rerun || !path) return undefined;
      const hashes = [sha256(leaf.native!), sha256(leaf.wasm!)] as const;
      const args = [rerun, j, ...hashes, path, leaf.proof!, leaf.salt!, sha256(leaf.outputs!)] as const;
      return { key: name, contract: "Faults", functionName: "refutedVerdict", args };
    };
    return { name, isNew: () => !getFacts().court.isProven(fault), call };
  };

  const unshown = (own: Assignment, shown: RevealFacts, j: number): Suspicion => {
    const { provider, modelId, epoch, role } = own;
    const id = outputsId({ provider, modelId, epoch, role, seat: shown.seat }, j);
    const name = `own outputs ${provider} ${modelId} ${epoch} ${role} ${shown.seat}`;
    const isAsked = (): boolean => {
      const last = getFacts().court.lastAsked(shown.verifier);
      return last !== undefined && epoch < last + REST;
    };
    const call = async (): Promise<Call | undefined> => {
      const rerun = await reads.attestedOf({ provider, modelId, epoch, role }, shown);
      return rerun && { key: name, contract: "Demands", functionName: "demandOutputs", args: [rerun, j] };
    };
    // No outputs can be shown under a root of zero: that is asked every time.
    const isNew = () => !getFacts().court.wasDemanded(id) && (shown.dataRoot === zeroHash || !isAsked());
    return { name, bond: "Demands", isNew, call };
  };

  /** Whether a report says the opposite of this seat's own verdict on a sample, with which most seats agree. */
  const isAgainst = (
    report: bigint,
    j: number,
    verdict: string | null | undefined,
    reveals: readonly RevealFacts[],
  ): boolean => {
    if (verdict !== "match" && verdict !== "mismatch") return false;
    const said = reveals.map((shown) => unpackRerunReport(shown.report).verdicts[j]);
    return verdict !== unpackRerunReport(report).verdicts[j] && said.filter((v) => v === verdict).length >= SAME;
  };

  const look = (own: Assignment): Suspicion[] => {
    const reveals = getFacts().reveals(own);
    const leaves = leafOfSamples(positionsOf(own, rerunBasis(own.basis)), store.leaves.of(own));
    return reveals.flatMap((shown) => {
      if (shown.verifier === me) return [];
      if (shown.dataRoot === own.dataRoot && own.dataRoot !== zeroHash) return refuted(own, shown, leaves) ?? [];
      const j = leaves.findIndex((leaf, i) => {
        if (!hasRun(shown.report, i)) return false;
        return shown.dataRoot === zeroHash || isAgainst(shown.report, i, leaf?.verdict, reveals);
      });
      return j < 0 ? [] : unshown(own, shown, j);
    });
  };

  return onceAnEpoch(getFacts, (epoch) =>
    store.assignments
      .ofEpoch(epoch)
      .filter(({ role, state }) => isRerun(role) && (state === "revealed" || state === "done"))
      .flatMap(look),
  );
}
