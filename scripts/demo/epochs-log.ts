import { samplePositions, unpackRerunReport } from "@surety/protocol";
import { type Hex, toHex } from "viem";
import { profileShare, sheddingAvailability } from "./demand.ts";
import type { Behaviour, EpochRecord, EpochResult } from "./result.ts";
import type { DemoState, Settled } from "./state.ts";

/** A provider of the demo. */
export type Actor = { name: string; address: Hex; behaviour: Behaviour };

/** A model of the demo. */
export type DemoModel = { name: string; modelId: Hex };

/** Leaves of an epoch whose answers were swapped, by leaf index; as the cheap provider confesses. */
export type SwappedLeaves = (actor: Actor, modelId: Hex, epoch: number) => ReadonlySet<number>;

/** Availability that a behaviour gives under the published profile of an epoch. */
export function behaviourAvailability(state: DemoState, actor: Actor, modelId: Hex, epoch: number): number {
  return actor.behaviour === "sheds-peak" ? sheddingAvailability(state.profile(modelId, epoch)) : 1;
}

/** Bitmap of the samples of a settlement that hit a swapped answer; every leaf of the demo has one unit. */
function swappedSamples(state: DemoState, settled: Settled, swapped: ReadonlySet<number>): bigint {
  const seed = state.seeds.get(settled.epoch);
  const log = state.logs.find(
    ({ provider, modelId, epoch }) =>
      provider === settled.provider && modelId === settled.modelId && epoch === BigInt(settled.epoch),
  );
  if (seed === undefined || log === undefined || settled.m === 0) return 0n;
  const { provider, modelId, epoch, m } = settled;
  const positions = samplePositions({ seed, provider, modelId, epoch: BigInt(epoch), m, units: BigInt(log.units) });
  return positions.reduce((map, at, j) => (swapped.has(Number(at)) ? map | (1n << BigInt(j)) : map), 0n);
}

/** Bitmap of the samples of a settlement that a majority of the revealed reports calls a match. */
function matchedSamples(state: DemoState, { provider, modelId, epoch, m }: Settled): bigint {
  const reports = state.revealed
    .filter((one) => one.provider === provider && one.modelId === modelId && one.epoch === epoch && one.role === 1)
    .map(({ report }) => unpackRerunReport(report).verdicts);
  let bitmap = 0n;
  for (let j = 0; j < m; j++) {
    const votes = reports.filter((verdicts) => verdicts[j] === "match").length;
    if (2 * votes > reports.length) bitmap |= 1n << BigInt(j);
  }
  return bitmap;
}

/** The demo's epochs in which every record was settled, in order. */
export function epochsLog(
  state: DemoState,
  actors: readonly Actor[],
  models: readonly DemoModel[],
  counted: readonly number[],
  swappedLeaves: SwappedLeaves,
): EpochResult[] {
  const epochs = [...new Set(state.settled.map(({ epoch }) => epoch))].sort((a, b) => a - b);
  return epochs.flatMap((epoch) => {
    const settlements = state.settled.filter((one) => one.epoch === epoch);
    if (settlements.length < actors.length * models.length) return [];
    const records = settlements.map((settled): EpochRecord => {
      const actor = actors.find(({ address }) => address === settled.provider)!;
      const model = models.find(({ modelId }) => modelId === settled.modelId)!;
      const { probes, timely, peakProbes, peakTimely, m, matches, mismatches, score } = settled;
      const swapped = swappedSamples(state, settled, swappedLeaves(actor, settled.modelId, epoch));
      return {
        provider: actor.name,
        model: model.name,
        probes,
        timely,
        peakProbes,
        peakTimely,
        m,
        matches,
        matched: toHex(matchedSamples(state, settled)),
        mismatches: toHex(mismatches),
        swapped: toHex(swapped),
        score: score / 1e9,
        trueAvailability: behaviourAvailability(state, actor, settled.modelId, epoch),
      };
    });
    const profiles = models.map(({ name, modelId }) => {
      const profile = state.profile(modelId, epoch);
      return [name, profile.flat ? [] : profile.weights.map((_, k) => profileShare(profile, k))] as const;
    });
    return [
      {
        epoch,
        counted: counted.includes(epoch),
        profile: Object.fromEntries(profiles),
        commitments: state.commitments.get(epoch) ?? 0,
        reveals: state.revealed.filter((one) => one.epoch === epoch).length,
        records,
      },
    ];
  });
}
