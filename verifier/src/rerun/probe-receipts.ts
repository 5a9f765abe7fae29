import { probeDataRoot, type Receipt, ROLE_PROBE, receiptStructHash, SuretyError } from "@surety/protocol";
import type { Hex } from "viem";
import type { Jobs } from "../jobs.ts";
import type { Step, StepDeps } from "../ports.ts";
import type { Assignment, Probe } from "../store/index.ts";
import { probeReportOf } from "./probe-report.ts";
import type { SignatureCheck } from "./signatures.ts";

type Deps = StepDeps & { jobs: Jobs; isSigned: SignatureCheck };

/** A receipt as the probe step wrote it. */
export function storedReceipt(text: string): Receipt {
  const r = JSON.parse(text);
  return { ...r, epoch: BigInt(r.epoch), servedAtMs: BigInt(r.servedAtMs) };
}

/**
 * Makes a probe seat's report once its probes are over: checks the operator's signature on each receipt; an answer without a
 * good one is a failure. A seat that sent too few abstains.
 */
export function createProbeReport(deps: Deps): Step {
  const { store, facts, models, log, jobs, isSigned } = deps;

  /** Checks the signature of an answered probe. @returns the receipt's struct hash, or null if it counts as a failure now */
  const checkSignature = async (probe: Probe): Promise<Hex | null> => {
    const receipt = storedReceipt(probe.receipt!);
    const operator = facts().provider(probe.provider)?.operator.at(receipt.epoch);
    const signature = probe.signature!;
    if (operator && (await isSigned({ receipt, signature, operator }))) return receiptStructHash(receipt);
    store.probes.refuse(probe, "RECEIPT_SIGNER");
    log.warn({ ...nameOf(probe), operator }, "the receipt of a probe is not signed by the operator");
    return null;
  };

  const work = async (a: Assignment, signal: AbortSignal): Promise<void> => {
    const receipts: Hex[] = [];
    for (const probe of store.probes.of(a)) {
      const structHash = probe.state === "answered" ? await checkSignature(probe) : null;
      if (structHash !== null) receipts.push(structHash);
      if (signal.aborted) return;
    }
    const rows = store.probes.of(a);
    try {
      const report = probeReportOf(rows, rows.length);
      store.assignments.move(a, "evidence", "rerun", { report, dataRoot: probeDataRoot(receipts) });
    } catch (error) {
      if (!(error instanceof SuretyError)) throw error;
      const code = error.code === "PROTOCOL_BAD_REPORT" ? "TOO_FEW_PROBES" : error.code;
      const why = { reason: models.get(a.modelId) ? code : "UNKNOWN_MODEL", detail: error.message };
      const { epoch, provider, modelId, role } = a;
      if (store.assignments.abstain(a, why)) {
        log.warn({ epoch, provider, modelId, role, ...why }, "abstains and earns nothing here");
      }
    }
  };

  return {
    name: "probe-report",
    advance() {
      for (const a of store.assignments.inState("evidence")) {
        if (a.role !== ROLE_PROBE) continue;
        jobs.run(`probe-report:${a.epoch}:${a.provider}:${a.modelId}`, (signal) => work(a, signal));
      }
    },
  };
}

const nameOf = ({ epoch, provider, modelId, i }: Probe) => ({ epoch, provider, modelId, i });
