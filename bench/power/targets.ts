import type { CheatName } from "@surety/protocol";
import type { ModelResult, Target } from "./result.ts";

/** Fewest honest checks that the evidence rests on. */
export const LEAST_CHECKS = 20_000;

/** Cheats so coarse that no answer of theirs may be accepted. */
const COARSE: readonly CheatName[] = ["int8-weights", "int4-weights", "stale-answer"];
/**
 * Cheats so mild that an answer of a model with few outputs may lie within tolerance by chance
 * (docs/decisions/0008-power-of-a-profile.md), but no epoch of twelve may pass.
 */
const MILD: readonly CheatName[] = ["bf16-weights", "fp16-weights", "pruned-1-percent", "fp16-output"];

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

/** Honest checks of all models together: all, not bit-equal, by verdict; simulated epochs, and failed panels among them. */
export function totalHonest(models: readonly ModelResult[]) {
  const rows = models.flatMap(({ honest }) => honest);
  return {
    checks: sum(rows.map(({ checks }) => checks)),
    different: sum(rows.map(({ different }) => different)),
    match: sum(rows.map(({ verdicts }) => verdicts.match)),
    grey: sum(rows.map(({ verdicts }) => verdicts.grey)),
    mismatch: sum(rows.map(({ verdicts }) => verdicts.mismatch)),
    epochs: sum(rows.flatMap(({ epochs }) => Object.values(epochs).map(({ epochs }) => epochs))),
    alarms: sum(rows.flatMap(({ epochs }) => Object.values(epochs).map(({ epochs, panel }) => epochs - panel))),
  };
}

const list = (items: string[]) => (items.length === 0 ? "none" : items.join(", "));
const count = (n: number) => n.toLocaleString("en");

/**
 * Judges the results: no honest answer a mismatch; no answer of a coarse cheat a match, on any model; no simulated epoch of
 * 12 samples passing both tests for a provider that gives all of its answers by a mild cheat.
 *
 * @param quick a smoke run need not have the full number of honest checks
 */
export function judgeTargets(models: readonly ModelResult[], quick: boolean): Target[] {
  const honest = totalHonest(models);
  const named = models.flatMap(({ name, cheats }) => cheats.map((cheat) => ({ name, ...cheat })));
  const accepted = (cheat: CheatName) => named.filter((row) => row.cheat === cheat && row.verdicts.match > 0);
  const missed = (cheat: CheatName) => named.filter((row) => row.cheat === cheat && row.epochs.all[12].both > 0);
  const tried = (cheat: CheatName) => named.filter((row) => row.cheat === cheat);
  return [
    {
      target: `honest checks: ${quick ? "some" : `at least ${count(LEAST_CHECKS)}`}`,
      met: honest.checks >= (quick ? 1 : LEAST_CHECKS),
      found: count(honest.checks),
    },
    {
      target: "honest answers called a mismatch: none",
      met: honest.mismatch === 0,
      found: `${count(honest.mismatch)} of ${count(honest.checks)}`,
    },
    ...COARSE.map((cheat) => ({
      target: `${cheat} answers called a match: none`,
      met: tried(cheat).length > 0 && accepted(cheat).length === 0,
      found: `${list(accepted(cheat).map(({ name, verdicts }) => `${name} ${count(verdicts.match)}`))} of ${count(sum(tried(cheat).map(({ answers }) => answers)))}`,
    })),
    ...MILD.map((cheat) => ({
      target: `${cheat}, epochs of 12 that pass both tests: none`,
      met: tried(cheat).length > 0 && missed(cheat).length === 0,
      found: `${list(missed(cheat).map(({ name, epochs }) => `${name} ${count(epochs.all[12].both)}`))} of ${count(sum(tried(cheat).map(({ epochs }) => epochs.all[12].epochs)))}`,
    })),
  ];
}
