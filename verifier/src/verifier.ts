import type { Http, Journal } from "@surety/node-kit";
import { receiptDomain, SuretyError } from "@surety/protocol";
import type { Address } from "viem";
import { createAccusing } from "./court/accuse.ts";
import { createEndings } from "./court/endings.ts";
import { createJuryDuty } from "./court/jury.ts";
import { createKeeping } from "./court/keeping.ts";
import type { CourtTerms } from "./court/limits.ts";
import { createOwnOutputs } from "./court/outputs.ts";
import { createOwnTickets } from "./court/own-tickets.ts";
import type { CourtReads } from "./court/reads.ts";
import { createOwnReceipts } from "./court/receipts.ts";
import { createSeatDefence } from "./court/seat-defence.ts";
import { createEvidence } from "./evidence/step.ts";
import { createJobs } from "./jobs.ts";
import type { Clock, DrawCall, InputSource, Log, Models, Rerunner, Rng, Sender, Step, StepDeps } from "./ports.ts";
import { createProbeEnd } from "./probe/finish.ts";
import { createProbing } from "./probe/step.ts";
import { createCommitting } from "./report/commit.ts";
import { createComparing } from "./report/compare.ts";
import { createRevealing } from "./report/reveal.ts";
import { createLeafRerun } from "./rerun/leaves.ts";
import { createProbeAnswers } from "./rerun/probe-answers.ts";
import { createProbeReport } from "./rerun/probe-receipts.ts";
import { createSignatureCheck, type SignatureCheck } from "./rerun/signatures.ts";
import { createSchedule } from "./schedule/step.ts";
import { createDrawing } from "./settle/draw.ts";
import { createSettling } from "./settle/settle.ts";
import { type Status, statusOf } from "./status.ts";
import type { Store } from "./store/index.ts";
import type { Watch } from "./watch/watch.ts";

/** Everything a verifier is made from; nothing is taken from the process. */
export type VerifierDeps = {
  chainId: number;
  /** The verifier's account. */
  me: Address;
  /** Addresses by contract name, as in the deployment file. */
  contracts: Record<"AttestationHub" | "ReceiptLog", Address>;
  /** May be shared by verifiers of one process. */
  watch: Watch;
  /** How seeds are drawn: by the deployment's beacon. */
  drawCall: DrawCall;
  sender: Sender;
  journal: Journal;
  store: Store;
  http: Http;
  models: Models;
  rerunner: Rerunner;
  inputs: InputSource;
  clock: Clock;
  rng: Rng;
  log: Log;
  /** May be shared by verifiers of one process; made if left out. */
  isSigned?: SignatureCheck;
  /** The court of the deployment, and how far this verifier goes there. Without it there is none. */
  court?: { reads: CourtReads; terms: CourtTerms };
  /** How often the chain is read, milliseconds. Default 300. */
  pollMs?: number;
  /** How far a provider's clock may be off, milliseconds. Default 2,000. */
  skewMs?: number;
};

/** A running verifier. */
export type Verifier = {
  /** Takes up what a killed process left, then works until stopped. */
  start(): void;
  /** Ends after what is being written; what is in flight is taken up by the next start. */
  stop(): Promise<void>;
  /** One round of steps, as `start` makes them: for tests and simulations. */
  tick(): Promise<void>;
  status(): Status;
};

type Common = Parameters<typeof createJuryDuty>[0] & Parameters<typeof createOwnOutputs>[0];

/** States in which an assignment is committed to and waits for its reveal. */
const WAITING = ["committed", "compared"] as const;
/** Reads of the chain that fail in a row, each with attempts of its own, before reveals that are due are an alarm. */
const ALARM_AFTER = 10;

/** The duties before the court, and how long evidence is kept for it. */
function courtSteps(common: Omit<Common, "reads"> & StepDeps, court: VerifierDeps["court"]): Step[] {
  if (!court) return [createKeeping(common)];
  const deps = { ...common, ...court };
  const duties = [
    createJuryDuty(deps),
    createOwnOutputs(deps),
    createOwnReceipts(deps),
    createOwnTickets(deps),
    createSeatDefence(deps),
    createEndings(deps),
    createKeeping(deps),
  ];
  return court.terms.challenge ? [...duties, createAccusing(deps)] : duties;
}

/**
 * Makes a verifier: one loop that reads the chain and lets every step do what is due.
 * @throws SuretyError STORE_OTHER_VERIFIER if the store holds the work of another key, contract or chain
 */
export function createVerifier(deps: VerifierDeps): Verifier {
  const { chainId, contracts, watch, store, clock, log, pollMs = 300, skewMs = 2_000 } = deps;
  const me = deps.me.toLowerCase() as Address;
  const hub = contracts.AttestationHub.toLowerCase() as Address;
  store.identity.claim({ chainId, hub, verifier: me });
  const jobs = createJobs(log);
  const common = { ...deps, me, hub, jobs, facts: watch.facts, chainMs: watch.chainMs };
  const domain = receiptDomain({ chainId: BigInt(chainId), receiptLog: contracts.ReceiptLog });
  const steps: Step[] = [
    createSchedule(common),
    createProbing({ ...common, epochs: watch.epochs, domain, skewMs }),
    createProbeEnd(common),
    createEvidence(common),
    createProbeReport({ ...common, isSigned: deps.isSigned ?? createSignatureCheck(domain) }),
    createLeafRerun(common),
    createCommitting(common),
    createComparing(common),
    createProbeAnswers(common),
    createRevealing(common),
    createDrawing(common),
    createSettling(common),
    ...courtSteps(common, deps.court),
  ];
  const end = new AbortController();
  let loop: Promise<void> | undefined;

  const round = async (): Promise<void> => {
    const now = await watch.poll();
    const { epoch } = now;
    if (epoch === undefined) return;
    for (const step of steps) {
      try {
        step.advance({ ...now, epoch });
      } catch (err) {
        log.error({ err, step: step.name }, "a step failed; it is tried again");
      }
    }
  };

  let failures = 0;
  const tick = async (): Promise<void> => {
    try {
      await round();
      failures = 0;
    } catch (err) {
      failures++;
      const due = WAITING.flatMap((state) => store.assignments.inState(state)).length;
      const isAlarm = failures === ALARM_AFTER && due > 0;
      const isFault = !(err instanceof SuretyError && err.retryable);
      log[isFault ? "error" : "warn"]({ err, failures }, "the chain could not be read; it is tried again");
      if (isAlarm) log.error({ due }, "reveals are due that this verifier is slashed for: give it a node that answers");
    }
  };

  const work = async (): Promise<void> => {
    while (!end.signal.aborted) {
      const started = clock.monotonic();
      await tick();
      await clock.sleep(Math.max(20, pollMs - (clock.monotonic() - started)), end.signal);
    }
  };

  return {
    start() {
      const lost = store.probes.loseSent();
      if (lost > 0) log.warn({ lost }, "probes in flight when the process ended count as not sent");
      log.info({ me, hub }, "verifier started");
      loop ??= work();
    },
    async stop() {
      end.abort();
      await loop;
      await jobs.stop();
    },
    tick,
    status: () => statusOf(store, me),
  };
}
