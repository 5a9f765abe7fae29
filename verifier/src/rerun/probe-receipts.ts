import { probeDataRoot, type Receipt, ROLE_PROBE, receiptStructHash, SuretyError } from "@surety/protocol";
import type { Hex } from "viem";
import type { Jobs } from "../jobs.ts";
import type { Step, StepDeps } from "../ports.ts";
import type { Assignment, Key, Probe, Store } from "../store/index.ts";
import { probeReportOf } from "./probe-report.ts";
import type { SignatureCheck } from "./signatures.ts";

type Deps = StepDeps & { jobs: Jobs; isSigned: SignatureCheck };

/** A signed receipt of a probe, and its struct hash. */
export type ProbeReceipt = { receipt: Receipt; signature: Hex; structHash: Hex };

/** A receipt as the probe step wrote it. */
export function storedReceipt(text: string): Receipt {
  const r = JSON.parse(text);
  return { ...r, epoch: BigInt(r.epoch), servedAtMs: BigInt(r.servedAtMs) };
}

/** The receipts that a probe seat counts, in the order of their numbers. */
export function receiptsOf(store: Store, seat: Omit<Key, "role">): ProbeReceipt[] {
  return store.probes.of(seat).flatMap((probe): ProbeReceipt[] => {
    if (probe.state !== "answered" || !probe.receipt || !probe.signature) return [];
    const receipt = storedReceipt(probe.receipt);
    return [{ receipt, signature: probe.signature, structHash: receiptStructHash(receipt) }];
  });
}

/**
 * Makes a probe seat's report once its probes are over: checks the operator's signature on each receipt; an answer without a
 * good one, or with that of another probe, is a failure. A seat that sent too few abstains.
 */
export function createProbeReport(deps: Deps): Step {
  const { store, facts, models, log, jobs, isSigned } = deps;

  /** Checks the receipt of an answered probe, which counts as a failure if it is not good. @param seen those before */
  const check = async (probe: Probe, seen: Set<Hex>): Promise<void> => {
    const receipt = storedReceipt(probe.receipt!);
    const operator = facts().provider(probe.provider)?.operator.at(receipt.epoch);
    const signature = probe.signature!;
    if (!operator || !(await isSigned({ receipt, signature, operator }))) {
      store.probes.refuse(probe, "RECEIPT_SIGNER");
      log.warn({ ...nameOf(probe), operator }, "the receipt of a probe is not signed by the operator");
      return;
    }
    const content = receiptStructHash(receipt);
    if (seen.has(content)) {
      // Two numbers for one receipt would be this verifier's fault.
      store.probes.refuse(probe, "RECEIPT_REPEATED");
      log.warn(nameOf(probe), "the receipt of a probe is that of another probe");
    }
    seen.add(content);
  };

  const work = async (a: Assignment, signal: AbortSignal): Promise<void> => {
    const seen = new Set<Hex>();
    for (const probe of store.probes.of(a)) {
      if (probe.state === "answered") await check(probe, seen);
      if (signal.aborted) return;
    }
    const rows = store.probes.of(a);
    const receipts = receiptsOf(store, a).map(({ structHash }) => structHash);
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
