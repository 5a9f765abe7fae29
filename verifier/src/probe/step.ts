import { encodeTensors, type ReceiptDomain, receiptProblem, type Tensor, units } from "@surety/protocol";
import { codeOf, type Jobs } from "../jobs.ts";
import type { InputSource, Step, StepDeps } from "../ports.ts";
import type { Probe } from "../store/index.ts";
import { sendProbe, sha256 } from "./send.ts";
import { createProbeSigning } from "./signing.ts";

type Deps = StepDeps & {
  jobs: Jobs;
  inputs: InputSource;
  epochs: { genesis: bigint; length: bigint };
  domain: ReceiptDomain;
  /** How far a provider's clock may be off, milliseconds. */
  skewMs: number;
};

/** Probes due within this time are armed in one round of steps. */
const AHEAD_MS = 2_000;
/** Probes under way at once; more would measure this host and not the provider. */
const AT_ONCE = 256;

/**
 * Sends each probe at its private time and writes what came of it as it happens. A probe that cannot leave within the slot
 * it was drawn for is lost, not moved: it would measure another time than demand's.
 */
export function createProbing(deps: Deps): Step {
  const { store, facts: getFacts, models, http, clock, log, jobs, inputs, epochs, skewMs } = deps;
  const slotMs = (Number(epochs.length) * 1000) / 24;
  const disguise = createProbeSigning(deps);
  let underWay = 0;

  const lose = (probe: Probe, reason: string): void => {
    const nothing = {
      elapsedMs: null,
      timely: false,
      atCapacity: false,
      receipt: null,
      signature: null,
      outputs: null,
    };
    store.probes.finish(probe, { ...nothing, state: "lost", reason });
    log.warn({ ...nameOf(probe), reason }, "probe not sent");
  };

  const send = async (probe: Probe, tensors: Tensor[], canonical: Uint8Array): Promise<void> => {
    const { provider, modelId, epoch } = probe;
    const facts = getFacts();
    const { manifest } = models.get(modelId)!;
    const inputHash = sha256(canonical);
    const { client, parameters } = await disguise({ provider, modelId, inputHash });
    const sentMs = clock.now();
    const need = { provider, modelId, epoch, client, inputHash, units: units(manifest, tensors) };
    if (!store.probes.send(probe, sentMs, canonical)) return;
    underWay++;
    try {
      const answer = await sendProbe({
        http,
        endpoint: facts.provider(provider)!.endpoint,
        name: manifest.name,
        inputs: tensors,
        parameters,
        latencyMs: facts.promises.at(provider, modelId, epoch)!.latencyMs,
        receiptProblem: (receipt, outputHash) =>
          receiptProblem(receipt, { ...need, outputHash, epochs, sentMs, receivedMs: clock.now(), skewMs }),
      });
      const { receipt } = answer;
      const text = receipt && JSON.stringify(receipt, (_, v) => (typeof v === "bigint" ? v.toString() : v));
      store.probes.finish(probe, { ...answer, receipt: text, state: answer.answered ? "answered" : "failed" });
    } catch (error) {
      lose(probe, codeOf(error));
    } finally {
      underWay--;
    }
  };

  const fire = async (probe: Probe, signal: AbortSignal): Promise<void> => {
    await clock.sleep(Math.max(0, probe.atMs - clock.now()), signal);
    if (signal.aborted) return;
    if (clock.now() - probe.atMs > slotMs) return lose(probe, "SENT_TOO_LATE");
    if (!models.get(probe.modelId)) return lose(probe, "UNKNOWN_MODEL");
    const tensors = inputs(probe.modelId);
    if (!tensors) return lose(probe, "NO_INPUTS");
    if (underWay >= AT_ONCE) return lose(probe, "TOO_MANY_UNDER_WAY");
    await send(probe, tensors, encodeTensors(tensors));
  };

  return {
    name: "probe",
    advance() {
      for (const probe of store.probes.due(clock.now() + AHEAD_MS)) {
        jobs.run(`probe:${probe.epoch}:${probe.provider}:${probe.modelId}:${probe.i}`, (signal) => fire(probe, signal));
      }
    },
  };
}

const nameOf = ({ epoch, provider, modelId, i, slot }: Probe) => ({ epoch, provider, modelId, i, slot });
