import { rerunTree, unpackRerunReport } from "@surety/protocol";
import { encodeAbiParameters, keccak256, parseAbiParameters, zeroHash } from "viem";
import { isRerun } from "../../deadlines.ts";
import type { Call, Moment } from "../../ports.ts";
import { itemsOf, sha256 } from "../../rerun/data-root.ts";
import { leafOfSamples, positionsOf, rerunBasis } from "../../samples.ts";
import type { Assignment, LeafRow } from "../../store/index.ts";
import type { RevealFacts } from "../../watch/facts.ts";
import type { SuspectDeps, Suspicion } from "../accuse.ts";
import { onceAnEpoch } from "./epochs.ts";

const REFUTED = parseAbiParameters("string, address, bytes32, uint64, uint8, uint8");
const DEMAND = parseAbiParameters("uint8, address, bytes32, uint64, uint8, uint8, uint8");
/** `DemandKind.Outputs`. */
const OUTPUTS = 3;
/** Seats that committed to the same outputs as this one, itself included, before another root is suspect. */
const SAME = 3;
/** Epochs in which a verifier that showed its outputs is not asked again: to ask an honest one costs the bond. */
const REST = 30n;

/**
 * Finds verdicts of other seats that hashes refute, and seats that may have run nothing.
 *
 * A seat with this seat's own data root has this seat's own outputs: a verdict against what they say bit for bit refutes
 * itself. A seat that committed to no outputs cannot show any. A seat whose root differs where most have this seat's own has
 * another processor, or ran nothing: it is asked once in a while.
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
      const rerun = await reads.rerunOf({ provider, modelId, epoch, role }, shown);
      const path = rerunTree(itemsOf(positionsOf(own, rerunBasis(own.basis)), store.leaves.of(own))).proof(j);
      if (!rerun || !path) return undefined;
      const hashes = [sha256(leaf.native!), sha256(leaf.wasm!)] as const;
      const args = [rerun, j, ...hashes, path, leaf.proof!, leaf.salt!, sha256(leaf.outputs!)] as const;
      return { key: name, contract: "Faults", functionName: "refutedVerdict", args };
    };
    return { name, takesBond: false, isNew: () => !getFacts().court.isProven(fault), call };
  };

  const unshown = (own: Assignment, shown: RevealFacts): Suspicion | undefined => {
    const { provider, modelId, epoch, role } = own;
    const { verdicts } = unpackRerunReport(shown.report);
    const j = verdicts.findIndex((verdict) => verdict === "match" || verdict === "mismatch");
    if (j < 0) return undefined;
    const id = keccak256(encodeAbiParameters(DEMAND, [OUTPUTS, provider, modelId, epoch, role, shown.seat, j]));
    const name = `own outputs ${provider} ${modelId} ${epoch} ${role} ${shown.seat}`;
    const isAsked = (): boolean => {
      const last = getFacts().court.lastAsked(shown.verifier);
      return last !== undefined && epoch < last + REST;
    };
    const call = async (): Promise<Call | undefined> => {
      const rerun = await reads.rerunOf({ provider, modelId, epoch, role }, shown);
      return rerun && { key: name, contract: "Demands", functionName: "demandOutputs", args: [rerun, j] };
    };
    // No outputs can be shown under a root of zero: that is asked every time.
    const isNew = () => !getFacts().court.wasDemanded(id) && (shown.dataRoot === zeroHash || !isAsked());
    return { name, takesBond: true, isNew, call };
  };

  const look = (own: Assignment): Suspicion[] => {
    const reveals = getFacts().reveals(own);
    const leaves = leafOfSamples(positionsOf(own, rerunBasis(own.basis)), store.leaves.of(own));
    const same = reveals.filter(({ dataRoot }) => dataRoot === own.dataRoot).length;
    return reveals.flatMap((shown) => {
      if (shown.verifier === me) return [];
      if (shown.dataRoot === own.dataRoot && own.dataRoot !== zeroHash) return refuted(own, shown, leaves) ?? [];
      const isSuspect = shown.dataRoot === zeroHash || (same >= SAME && own.dataRoot !== zeroHash);
      return isSuspect ? (unshown(own, shown) ?? []) : [];
    });
  };

  return onceAnEpoch(getFacts, (epoch) =>
    store.assignments
      .ofEpoch(epoch)
      .filter(({ role, state }) => isRerun(role) && (state === "revealed" || state === "done"))
      .flatMap(look),
  );
}
