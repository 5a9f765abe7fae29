import type { Http } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import { readOpening } from "../evidence/read-opening.ts";
import { fetchOpening } from "../openings.ts";
import type { Log, Model } from "../ports.ts";
import { leafOfSamples, positionsOf, type RerunBasis } from "../samples.ts";
import type { Facts } from "../watch/facts.ts";
import { sampleId } from "./demand-ids.ts";
import type { CourtReads, RecordEpoch } from "./reads.ts";

/** What samples of a record's epoch rest on; undefined if it had none. */
export function basisOf(facts: Facts, { provider, modelId, epoch }: RecordEpoch): RerunBasis | undefined {
  const log = facts.log(provider, modelId, epoch);
  const seed = facts.seed(epoch)?.seed;
  if (!log || log.m === 0 || seed === undefined) return undefined;
  const { root, count, units, m } = log;
  return { seed, root, count, units, m };
}

/**
 * Gets the inputs of samples for who did not judge them: from the provider, or from the chain where somebody demanded them.
 * @returns by sample; what is missing is absent
 */
export async function fetchInputs(
  record: RecordEpoch,
  samples: readonly number[],
  deps: { basis: RerunBasis; facts: Facts; model: Model; http: Http; reads: CourtReads; log: Log; patienceMs: number },
): Promise<Map<number, Uint8Array>> {
  const { basis, facts, model, http, reads, log, patienceMs } = deps;
  const { provider, modelId, epoch } = record;
  const subject = { provider, modelId, epoch };
  const positions = positionsOf(subject, basis);
  const found = new Map<number, Uint8Array>();
  try {
    const endpoint = facts.provider(provider)?.endpoint ?? "";
    const request = { http, endpoint, subject, samples: basis.m, deadlineMs: patienceMs };
    const text = await fetchOpening(request, "inputs");
    const { leaves } = await readOpening(text, { ...subject, ...basis, manifest: model.manifest }, positions);
    for (const [j, leaf] of leafOfSamples(positions, leaves).entries()) if (leaf) found.set(j, leaf.inputs);
  } catch (error) {
    if (!(error instanceof SuretyError)) throw error;
    log.debug({ ...subject, code: error.code, why: error.message }, "inputs not served for a case");
  }
  for (const j of samples) {
    if (found.has(j)) continue;
    const inputs = await reads.openedInputs(sampleId(subject, positions[j]!));
    if (inputs) found.set(j, inputs);
  }
  return found;
}
