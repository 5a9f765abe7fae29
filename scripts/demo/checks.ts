import { formatUnits } from "viem";
import { percent } from "./bars.ts";
import { bits } from "./ceiling.ts";
import type { Check, DemoResult, ProviderResult } from "./result.ts";

/** Share of its ceiling that the honest provider reaches. */
const HONEST_SHARE = 0.95;

/** Everything that the demo says happened, checked against what it measured. */
export function checkResult(result: DemoResult, wanted: { epochs: number }): Check[] {
  const [a, b, c] = result.providers as [ProviderResult, ProviderResult, ProviderResult];
  const checks: Check[] = [];
  const check: Note = (name, holds, detail) => checks.push({ name, holds, detail });

  check("every counted epoch settled", result.epochs >= wanted.epochs, `${result.epochs} of ${wanted.epochs}`);
  for (const { model, availability, score, ceiling } of a.records) {
    check(`A is in time on ${model}`, availability.weighted >= 0.99, percent(availability.weighted));
    check(
      `A nears the ceiling on ${model}`,
      score >= HONEST_SHARE * ceiling,
      `${percent(score)} of ${percent(ceiling)}`,
    );
  }
  for (const provider of [a, b]) {
    const wrong = mismatchesEver(result, provider.name);
    check(`${provider.name} never mismatches`, wrong === 0, `${wrong} mismatches`);
  }
  for (const { model, availability } of b.records) {
    const { true: truth, weighted, uniform, probes } = availability;
    const bound = Math.max(0.015, 3 * Math.sqrt((truth * (1 - truth)) / probes));
    const error = Math.abs(weighted - truth);
    check(
      `B's shedding is measured on ${model}`,
      error <= bound,
      `off by ${percent(error)}, at most ${percent(bound)}`,
    );
    const gap = uniform - weighted;
    check(
      `uptime flatters B on ${model}`,
      gap >= 0.01,
      `${percent(uniform)} over time, ${percent(weighted)} by demand`,
    );
  }
  const { swapped, shown } = swaps(result, c.name);
  check("every swapped answer that was checked shows", swapped > 0 && shown === swapped, `${shown} of ${swapped}`);
  for (const { model, dapp } of a.records) check(`the dapp accepts A on ${model}`, dapp.accepted, dapp.reason);
  for (const { model, dapp } of b.records) {
    check(`the dapp refuses B on ${model}`, dapp.reason.startsWith("ReliabilityScoreTooLow"), dapp.reason);
  }
  for (const { model, dapp } of c.records) {
    check(`the dapp refuses C on ${model}`, dapp.reason.startsWith("ReliabilityScoreTooLow"), dapp.reason);
  }
  checkJustice(result, [a, b, c], check);
  const paid = result.verifiers.filter(({ pay }) => BigInt(pay) > 0n).length;
  check("verifiers are paid", paid === result.verifiers.length, `${paid} of ${result.verifiers.length}`);
  return checks;
}

type Note = (name: string, holds: boolean, detail: string) => void;

/** What the court did, to whom. */
function checkJustice(
  result: DemoResult,
  [a, b, c]: [ProviderResult, ProviderResult, ProviderResult],
  check: Note,
): void {
  const { lazy, client } = result;
  const { byJury, bySilence, others } = c.cases;
  check("juries convict C", byJury > 0, `${byJury} cases, each by a jury that C called`);
  check("cases that C does not defend are confirmed", bySilence > 0, `${bySilence} cases`);
  check("no case against C ends otherwise", others === 0, `${others} cases`);
  const [had, kept] = [BigInt(c.stake.before), BigInt(c.stake.after)];
  check("C loses stake", kept < had, `${money(had - kept)} of ${money(had)}`);
  for (const { name, stake, cases } of [a, b]) {
    const accused = cases.byJury + cases.bySilence + cases.others;
    const lost = BigInt(stake.before) - BigInt(stake.after);
    check(`${name} loses no stake`, lost === 0n && accused === 0, `${money(lost)}, ${accused} cases`);
  }
  const unshown = lazy.losses.find(({ cause }) => cause === "own outputs not shown");
  check(
    "who runs nothing is caught",
    unshown !== undefined,
    unshown
      ? `${unshown.times} times, ${money(BigInt(unshown.taken))} of ${money(BigInt(lazy.stake.before))}`
      : "never",
  );
  const framed = result.verifiers.filter(({ losses }) => losses.some(({ cause }) => cause !== "missed duty"));
  check(
    "no other verifier is punished for what it says",
    framed.length === 0,
    `${framed.length} of ${result.verifiers.length}`,
  );
  check(
    "the client is restored",
    client.leaves > 0 && client.leaves <= client.wronged && client.claimed === client.restored,
    `${money(BigInt(client.claimed))} for ${client.leaves} of ${client.wronged} answers`,
  );
}

/** An amount in whole units of the asset. */
const money = (wei: bigint) => Number(formatUnits(wei, 18)).toFixed(2);

/** Majority mismatches of a provider in all settled epochs, counted or not. */
function mismatchesEver(result: DemoResult, name: string): number {
  const records = result.epochsLog.flatMap((epoch) => epoch.records.filter(({ provider }) => provider === name));
  return records.filter(({ mismatches }) => BigInt(mismatches) !== 0n).length;
}

/**
 * Samples of a provider whose answer was swapped and that a majority judged, and those of them that the settlement shows as
 * mismatches.
 */
function swaps(result: DemoResult, name: string): { swapped: number; shown: number } {
  const records = result.epochsLog.flatMap((epoch) => epoch.records.filter(({ provider }) => provider === name));
  let swapped = 0;
  let shown = 0;
  for (const record of records) {
    const judged = BigInt(record.swapped) & (BigInt(record.matched) | BigInt(record.mismatches));
    swapped += bits(judged);
    shown += bits(judged & BigInt(record.mismatches));
  }
  return { swapped, shown };
}
