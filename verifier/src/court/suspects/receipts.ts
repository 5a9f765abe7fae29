import { type Receipt, ROLE_PROBE, ROLE_RERUN, receiptStructHash } from "@surety/protocol";
import { encodeAbiParameters, type Hex, keccak256, parseAbiParameters } from "viem";
import type { Call, Moment } from "../../ports.ts";
import { sha256 } from "../../rerun/data-root.ts";
import { receiptsOf } from "../../rerun/probe-receipts.ts";
import type { LeafRow } from "../../store/index.ts";
import type { LogFacts } from "../../watch/facts.ts";
import type { SuspectDeps, Suspicion } from "../accuse.ts";
import { onceAnEpoch } from "./epochs.ts";

const TWICE = parseAbiParameters("string, address, bytes32, uint64, uint32");
const DEMAND = parseAbiParameters("uint8, bytes32");
/** `DemandKind.Omission`. */
const OMISSION = 2;

type Signed = { receipt: Receipt; signature: Hex };

/** Why a committed log cannot hold a receipt: its number is beyond the log, or another leaf was opened there. */
function isOmitted({ receipt }: Signed, log: LogFacts, opened: readonly LeafRow[]): boolean {
  if (receipt.seq >= log.count) return true;
  const leaf = opened.find(({ index }) => index === receipt.seq);
  if (!leaf) return false;
  return (
    sha256(leaf.inputs) !== receipt.inputHash ||
    leaf.units !== BigInt(receipt.units) ||
    (leaf.outputs !== null && sha256(leaf.outputs) !== receipt.outputHash)
  );
}

/**
 * Finds what the receipts of own probes prove: two contents under one number, and receipts that the log cannot hold. Whether
 * it holds any other receipt only the provider knows; asking costs the bond if it does.
 */
export function falseReceipts({ store, facts: getFacts }: SuspectDeps): (now: Moment) => Suspicion[] {
  const equivocation = (a: Signed, b: Signed): Suspicion => {
    const { provider, modelId, epoch, seq } = a.receipt;
    const fault = keccak256(encodeAbiParameters(TWICE, ["equivocation", provider, modelId, epoch, seq]));
    const args = [a.receipt, a.signature, b.receipt, b.signature] as const;
    const name = `equivocation ${provider} ${modelId} ${epoch} ${seq}`;
    const call: Call = { key: name, contract: "Faults", functionName: "equivocation", args };
    return { name, isNew: () => !getFacts().court.isProven(fault), call: async () => call };
  };

  const omission = ({ receipt, signature }: Signed, log: LogFacts): Suspicion => {
    const content = receiptStructHash(receipt);
    const id = keccak256(encodeAbiParameters(DEMAND, [OMISSION, content]));
    const name = `omission ${content}`;
    const args = [receipt, signature] as const;
    const call: Call = { key: name, contract: "Demands", functionName: "demandReceipt", args };
    return {
      name,
      ...(receipt.seq < log.count && { bond: "Demands" }),
      isNew: () => !getFacts().court.wasDemanded(id),
      call: async () => call,
    };
  };

  /** Everything that the probes of one record and epoch prove. */
  const look = (at: { provider: Hex; modelId: Hex; epoch: bigint }, log: LogFacts): Suspicion[] => {
    // A request of an epoch's last moments may be served in the next.
    const signed = [at.epoch, at.epoch - 1n]
      .flatMap((epoch) => receiptsOf(store, { ...at, epoch }))
      .filter(({ receipt }) => receipt.epoch === at.epoch);
    const bySeq = Map.groupBy(signed, ({ receipt }) => receipt.seq);
    const opened = store.leaves.of({ ...at, role: ROLE_RERUN });
    const found: Suspicion[] = [];
    for (const [first, ...others] of bySeq.values()) {
      const content = receiptStructHash(first!.receipt);
      const other = others.find(({ receipt }) => receiptStructHash(receipt) !== content);
      if (other) found.push(equivocation(first!, other));
      else if (isOmitted(first!, log, opened)) found.push(omission(first!, log));
    }
    return found;
  };

  return onceAnEpoch(getFacts, (epoch) =>
    store.assignments.ofEpoch(epoch).flatMap(({ provider, modelId, role, state, reason }) => {
      const log = getFacts().log(provider, modelId, epoch);
      // Before a probe's report is made, its signatures were not checked.
      const isEarly = state === "planned" || state === "evidence" || reason === "NOT_READY";
      const isChecked = !isEarly && state !== "missed";
      return role === ROLE_PROBE && isChecked && log ? look({ provider, modelId, epoch }, log) : [];
    }),
  );
}
