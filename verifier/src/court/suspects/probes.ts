import { askedReceipts, probeLeaf, ROLE_PROBE, unpackProbeReport } from "@surety/protocol";
import { encodeAbiParameters, type Hex, keccak256, parseAbiParameters } from "viem";
import type { Call, Moment } from "../../ports.ts";
import type { ShownReceipt } from "../../watch/court-facts.ts";
import type { Facts, RevealFacts } from "../../watch/facts.ts";
import type { SuspectDeps, Suspicion } from "../accuse.ts";
import { probeId } from "../demand-ids.ts";
import type { RecordEpoch } from "../reads.ts";
import { onceAnEpoch } from "./epochs.ts";

const REPEATED = parseAbiParameters("string, address, bytes32, uint64, uint8");

type ProbeSeat = { record: RecordEpoch; shown: RevealFacts };

const seatsOf = (facts: Facts, record: RecordEpoch): ProbeSeat[] =>
  facts.reveals({ ...record, role: ROLE_PROBE }).map((shown) => ({ record, shown }));

const answeredOf = ({ shown }: ProbeSeat): number => unpackProbeReport(shown.report).answered;

/**
 * Finds the receipts that the next epoch's seed asks of probe seats (docs/protocol.md section 3), on the records that this
 * verifier judged too, so that not all verifiers ask. They are demanded without a bond.
 */
export function hiddenReceipts({ store, facts: getFacts, me, reads }: SuspectDeps): (now: Moment) => Suspicion[] {
  const look = (seat: ProbeSeat): Suspicion[] => {
    const { record, shown } = seat;
    const { provider, modelId, epoch } = record;
    const { seed } = getFacts().seed(epoch + 1n)!;
    if (shown.verifier === me) return [];
    return askedReceipts({ seed, provider, modelId, seat: shown.seat }, answeredOf(seat)).map((i): Suspicion => {
      const id = probeId({ ...record, seat: shown.seat }, i);
      const name = `receipt ${id}`;
      const call = async (): Promise<Call | undefined> => {
        const probes = await reads.attestedOf({ ...record, role: ROLE_PROBE }, shown);
        return probes && { key: name, contract: "Demands", functionName: "demandProbe", args: [probes, i] };
      };
      return { name, isNew: () => !getFacts().court.wasDemanded(id), call };
    });
  };

  return onceAnEpoch(
    getFacts,
    (epoch) => {
      const judged = Map.groupBy(store.assignments.ofEpoch(epoch), ({ provider, modelId }) => provider + modelId);
      return [...judged.values()].flatMap(([own]) => {
        const { provider, modelId } = own!;
        return seatsOf(getFacts(), { provider, modelId, epoch }).flatMap(look);
      });
    },
    (epoch) => getFacts().seed(epoch + 1n) !== undefined,
  );
}

/** A receipt under two numbers of one seat: its other number, and that number's path. */
type Repetition = { k: number; path: readonly Hex[] };

/**
 * Finds receipts of probes that a seat counts under two numbers: among those that it has shown, and in the leaf beside a
 * shown one, which stands at the foot of its path.
 */
export function repeatedReceipts({ facts: getFacts, me, reads }: SuspectDeps): (now: Moment) => Suspicion[] {
  /** Receipts that were looked at beside how many others. */
  let looked = 0;
  let known: Facts | undefined;
  let found: Suspicion[] = [];

  const seatOf = ({ id, epoch, modelId, accused, place }: ShownReceipt): ProbeSeat | undefined =>
    getFacts()
      .promises.in(epoch)
      .filter((record) => record.modelId === modelId)
      .flatMap(({ provider }) => seatsOf(getFacts(), { provider, modelId, epoch }))
      .find(({ record, shown }) => {
        return shown.verifier === accused && probeId({ ...record, seat: shown.seat }, Number(place)) === id;
      });

  const repetition = (one: ShownReceipt, seat: ProbeSeat): Repetition | undefined => {
    const { provider, modelId, epoch } = seat.record;
    const [i, { receiptHash, proof }] = [Number(one.place), one];
    const [beside, ...above] = proof;
    for (let k = 0; k < answeredOf(seat); k++) {
      if (k === i) continue;
      if (probeLeaf(k, receiptHash) === beside) return { k, path: [probeLeaf(i, receiptHash), ...above] };
      const id = probeId({ provider, modelId, epoch, seat: seat.shown.seat }, k);
      const other = getFacts()
        .court.receipts()
        .find((shown) => shown.id === id && shown.receiptHash === receiptHash);
      if (other) return { k, path: other.proof };
    }
    return undefined;
  };

  const look = (one: ShownReceipt): Suspicion[] => {
    if (one.accused === me) return [];
    const seat = seatOf(one);
    const other = seat && repetition(one, seat);
    if (!other) return [];
    const { provider, modelId, epoch } = seat.record;
    const fault = keccak256(
      encodeAbiParameters(REPEATED, ["repeated receipt", provider, modelId, epoch, seat.shown.seat]),
    );
    const name = `repeated receipt ${provider} ${modelId} ${epoch} ${seat.shown.seat}`;
    const call = async (): Promise<Call | undefined> => {
      const probes = await reads.attestedOf({ ...seat.record, role: ROLE_PROBE }, seat.shown);
      if (!probes) return undefined;
      const args = [probes, one.receiptHash, Number(one.place), one.proof, other.k, other.path] as const;
      return { key: name, contract: "Faults", functionName: "repeatedReceipt", args };
    };
    return [{ name, isNew: () => !getFacts().court.isProven(fault), call }];
  };

  return () => {
    const facts = getFacts();
    if (facts !== known) [known, looked, found] = [facts, 0, []];
    const receipts = facts.court.receipts();
    found.push(...receipts.slice(looked).flatMap(look));
    looked = receipts.length;
    found = found.filter(({ isNew }) => isNew());
    return found;
  };
}
