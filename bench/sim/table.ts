import { type Cell, type Column, renderTable } from "@surety/node-kit";
import type { Row } from "./compare.ts";
import type { Report } from "./main.ts";

const left = (title: string): Column => ({ title });
const right = (title: string): Column => ({ title, align: "right" });
const amount = (tokens: number): string => (Math.abs(tokens) < 0.005 ? "0.00" : tokens.toFixed(2));

const COLUMNS = [
  left("strategy"),
  left("played by"),
  right("income"),
  right("cost"),
  right("slashed"),
  right("gas"),
  right("profit"),
  right("honest peers"),
  right("honest itself"),
  left("honest first"),
];

/** The report as tables: one per side. */
export function renderReport({ epochs, seed, jury, rows, seconds, transactions }: Report): string {
  const head = `Tokens per epoch, ${epochs} epochs, seed ${seed}, juries of ${jury}; ${transactions.toLocaleString("en")} transactions in ${seconds} s.`;
  const sides = ["provider", "verifier", "coalition"].flatMap((side) => {
    const found = rows.filter((row) => row.side === side);
    return found.length === 0 ? [] : [renderTable([left(side), ...COLUMNS].slice(1), found.map(cells))];
  });
  const court = rows.filter(({ counts }) => Object.values(counts).some((count) => count > 0));
  const columns = ["confirmed", "acquitted", "mistrials", "not shown", "refuted", "contradicted", "accusers"].map(
    right,
  );
  const trials = renderTable(
    [left("in court"), ...columns, right("last score"), right("watcher's profit"), right("honest providers lose")],
    court.map(({ strategy, counts, score, watcher, providersLose }) => [
      strategy,
      ...Object.values(counts),
      `${(score * 100).toFixed(1)} %`,
      amount(watcher),
      amount(providersLose),
    ]),
  );
  const beaten = rows.filter(({ honestFirst }) => !honestFirst).length;
  const verdict =
    beaten === 0 ? "Honesty is first in every row." : `Honesty is not first in ${beaten} of ${rows.length} rows.`;
  return [head, ...sides, ...(court.length > 0 ? [trials] : []), verdict].join("\n\n");
}

function cells(row: Row): Cell[] {
  const { strategy, share, income, cost, slashed, gas, profit, peers, honest, honestFirst, where } = row;
  const amounts = [income, cost, slashed, gas, profit, peers, honest].map(amount);
  return [strategy, share, ...amounts, honestFirst ? "yes" : { text: `no: ${where}`, colour: "red" }];
}
