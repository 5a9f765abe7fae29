import { type Cell, type Column, renderTable } from "@surety/node-kit";
import { formatUnits } from "viem";
import { percent } from "./bars.ts";
import type { Check, DemoResult } from "./result.ts";

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
  const providers = result.providers.map(({ name, behaviour, stake, pay, openCases }): Cell[] => [
    `${name} ${behaviour}`,
    money(stake.before),
    money(stake.after),
    money(pay),
    openCases,
  ]);
  const verifiers = result.verifiers.map(({ name, assignments, attested, missed, pay }): Cell[] => [
    name,
    assignments,
    attested,
    missed,
    money(pay),
  ]);
  const said = checks.map(({ name, holds, detail }): Cell[] => [verdict(holds, holds ? "yes" : "NO"), name, detail]);
  return [
    `${result.epochs} counted epochs. "by demand" is what settled; "over time" gives every slot of the day the same weight, as a`,
    "status page does. The dapp asks for " +
      `${percent(result.threshold)}: 94.5 % of the lowest ceiling, the score that these few samples allow without a failure.`,
    "",
    renderTable(COLUMNS, records),
    "",
    renderTable(
      [left("provider"), right("stake before"), right("after"), right("pay"), right("open cases")],
      providers,
    ),
    "",
    renderTable([left("verifier"), right("assignments"), right("attested"), right("missed"), right("pay")], verifiers),
    "",
    renderTable([left(""), left("what happened"), left("measured")], said),
  ].join("\n");
}
