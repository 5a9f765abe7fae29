import { type Cell, type Column, renderTable } from "@surety/node-kit";
import { formatUnits } from "viem";
import { percent } from "./bars.ts";
import type { Check, DemoResult, Loss } from "./result.ts";
import { THRESHOLD_SHARE } from "./terms.ts";

const left = (title: string): Column => ({ title });
const right = (title: string): Column => ({ title, align: "right" });

const money = (wei: string) => Number(formatUnits(BigInt(wei), 18)).toFixed(2);
const verdict = (good: boolean, text: string): Cell => ({ text, colour: good ? "green" : "red" });

const COLUMNS = [
  left("provider"),
  left("model"),
  right("true"),
  right("by demand"),
  right("over time"),
  right("correct"),
  right("checked"),
  right("wrong"),
  right("score"),
  right("ceiling"),
  right("samples"),
  left("dapp"),
];

const PROVIDER_COLUMNS = [
  left("provider"),
  right("stake before"),
  right("after"),
  right("pay"),
  right("open cases"),
  right("by a jury"),
  right("undefended"),
  right("not confirmed"),
  left("slashed for"),
];

/** Slashes by cause in words. */
const lossText = (losses: readonly Loss[]): string =>
  losses.map(({ cause, times, taken }) => `${cause} ${times}x ${money(taken)}`).join(", ") || "nothing";

/** The closing tables of the demo. */
export function closingTables(result: DemoResult, checks: readonly Check[]): string {
  const records = result.providers.flatMap(({ name, behaviour, records }) =>
    records.map(({ model, availability, correctness, score, ceiling, samples, dapp }): Cell[] => [
      `${name} ${behaviour}`,
      model,
      percent(availability.true),
      percent(availability.weighted),
      percent(availability.uniform),
      percent(correctness.true, 1),
      correctness.checked,
      correctness.mismatches,
      percent(score),
      percent(ceiling),
      samples,
      verdict(dapp.accepted, dapp.reason),
    ]),
  );
  const providers = result.providers.map(({ name, behaviour, stake, pay, openCases, cases, losses }): Cell[] => [
    `${name} ${behaviour}`,
    money(stake.before),
    money(stake.after),
    money(pay),
    openCases,
    cases.byJury,
    cases.bySilence,
    cases.others,
    lossText(losses),
  ]);
  const verifiers = result.verifiers.map(({ name, assignments, attested, missed, pay, losses }): Cell[] => [
    name,
    assignments,
    attested,
    missed,
    money(pay),
    lossText(losses),
  ]);
  const { lazy, client } = result;
  const said = checks.map(({ name, holds, detail }): Cell[] => [verdict(holds, holds ? "yes" : "NO"), name, detail]);
  return [
    `${result.epochs} counted epochs. "by demand" is what settled; "over time" gives every slot of the day the same weight, as a`,
    "status page does. The dapp asks for " +
      `${percent(result.threshold)}: ${100 * THRESHOLD_SHARE} % of the lowest ceiling, the score that these few samples allow without a failure.`,
    "",
    renderTable(COLUMNS, records),
    "",
    renderTable(PROVIDER_COLUMNS, providers),
    "",
    renderTable(
      [left("verifier"), right("assignments"), right("attested"), right("missed"), right("pay"), left("slashed for")],
      verifiers,
    ),
    "",
    `The verifier that runs nothing said "match" in ${lazy.reports} reports of re-runs: its stake went from ` +
      `${money(lazy.stake.before)} to ${money(lazy.stake.after)}, slashed for ${lossText(lazy.losses)}; it earned ${money(lazy.pay)}.`,
    `The client signed its requests, and ${client.wronged} of its answers were confirmed as wrong: it claimed ` +
      `${money(client.claimed)} from the court.`,
    "",
    renderTable([left(""), left("what happened"), left("measured")], said),
  ].join("\n");
}
