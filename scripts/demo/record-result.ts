import type { Hex } from "viem";
import { bits, ceilingOf } from "./ceiling.ts";
import type { EpochResult, RecordResult } from "./result.ts";
import type { Settled } from "./state.ts";

/** Probes and timely answers of one record by slot of the day, over the counted epochs, from the verifiers' own notes. */
export type SlotCounts = { probes: number; timely: number }[];

/** What the dapp said to one record. */
export type DappAnswer = { accepted: boolean; reason: string };

/** All that a record's line is made of. */
export type RecordParts = {
  provider: string;
  model: string;
  modelId: Hex;
  /** The record's settlements, all of them, in order. */
  settled: readonly Settled[];
  epochs: readonly EpochResult[];
  slots: SlotCounts;
  /** Answers served in the counted epochs, and those of them from the cheap model. */
  served: { answers: number; swapped: number };
  /** The summary on chain; score 1e9 = 100 %. */
  summary: { score: number; samples: number };
  dapp: DappAnswer;
};

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Availability over time: slots count the same, however many probes they got; slots without probes say nothing. */
export function overTime(slots: SlotCounts): number {
  const seen = slots.filter(({ probes }) => probes > 0);
  return sum(seen.map(({ probes, timely }) => timely / probes)) / seen.length;
}

/** One record at the end of the demo. */
export function recordResult(parts: RecordParts): RecordResult {
  const rows = parts.epochs
    .filter(({ counted }) => counted)
    .flatMap(({ records }) => records.filter((r) => r.provider === parts.provider && r.model === parts.model));
  const probes = sum(rows.map((row) => row.probes));
  const mismatches = sum(rows.map((row) => bits(BigInt(row.mismatches))));
  const matches = sum(rows.map((row) => row.matches));
  const checked = sum(rows.map((row) => row.m));
  return {
    model: parts.model,
    modelId: parts.modelId,
    availability: {
      true: sum(rows.map((row) => row.trueAvailability)) / rows.length,
      uniform: overTime(parts.slots),
      weighted: sum(rows.map((row) => row.timely)) / probes,
      probes,
    },
    correctness: {
      true: 1 - parts.served.swapped / parts.served.answers,
      measured: matches / (matches + mismatches),
      checked,
      mismatches,
      grey: checked - matches - mismatches,
    },
    score: parts.summary.score / 1e9,
    ceiling: ceilingOf(parts.settled),
    samples: parts.summary.samples,
    dapp: parts.dapp,
  };
}
