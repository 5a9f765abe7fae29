import { type Cell, type Column, renderTable } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import type { CallReport } from "./perform.ts";
import type { Io } from "./session.ts";

/** One thing that a command found out: by name, for machines and for people. */
export type Fact = {
  name: string;
  /** Amounts are decimal strings of the smallest unit. */
  value: unknown;
  /** Default: the value itself. */
  text?: string;
};

/** What a command has to say. */
export type Report = {
  calls: CallReport[];
  facts: Fact[];
  tables?: { name: string; columns: Column[]; rows: Cell[][] }[];
};

type Style = { json: boolean; io: Io };

/** Prints what was sent or would be, and what was found: text, or one JSON object. */
export function printReport(
  title: string,
  report: Report,
  { json, io, dryRun, sends }: Style & { dryRun: boolean; sends: boolean },
): void {
  if (json) {
    const facts = Object.fromEntries(report.facts.map(({ name, value }) => [name, value]));
    const tables = Object.fromEntries((report.tables ?? []).map(({ name, ...table }) => [name, toObjects(table)]));
    io.stdout.write(
      `${toJson({ command: title, dryRun, calls: report.calls.map(callObject), ...facts, ...tables })}\n`,
    );
    return;
  }
  printCalls(report.calls, io.stdout);
  if (report.calls.length === 0 && sends) io.stdout.write("Nothing had to be sent.\n");
  if (dryRun && sends) io.stdout.write("Dry run: nothing was sent.\n");
  const width = Math.max(0, ...report.facts.map(({ name }) => name.length));
  for (const { name, value, text } of report.facts)
    io.stdout.write(`${name.padEnd(width)}  ${text ?? (typeof value === "object" ? toJson(value) : String(value))}\n`);
  for (const { name, columns, rows } of report.tables ?? []) {
    if (rows.length === 0) continue;
    const colour = io.stdout.isTTY === true && !process.env.NO_COLOR;
    io.stdout.write(`\n${name}\n${renderTable(columns, rows, { colour })}\n`);
  }
}

/** Prints calls as text. */
export function printCalls(calls: readonly CallReport[], out: Io["stdout"]): void {
  for (const [i, { contract, functionName, address, shown, status, gas, hash, block }] of calls.entries()) {
    const rows: [string, string][] = [["at", address], ...Object.entries(shown)];
    if (status === "untried") rows.push(["note", "not simulated: it needs the calls before it"]);
    if (gas !== undefined) rows.push([status === "sent" ? "gas used" : "gas", String(gas)]);
    if (hash !== undefined) rows.push(["sent", `${hash} (block ${block})`]);
    const width = Math.max(...rows.map(([name]) => name.length));
    out.write(`${i + 1}. ${contract}.${functionName}\n`);
    for (const [name, text] of rows) out.write(`   ${name.padEnd(width)}  ${text}\n`);
  }
}

/** Prints why a command failed: text on standard error, or one JSON object on standard output. */
export function printFailure(title: string, error: unknown, { json, io }: Style): void {
  const known = error instanceof SuretyError;
  const code = known ? error.code : "UNEXPECTED";
  const message = known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (!json) {
    io.stderr.write(`${title}: ${message}\n`);
    return;
  }
  const { calls, ...details } = known ? (error.details ?? {}) : ({} as Record<string, unknown>);
  const sent = Array.isArray(calls) ? (calls as CallReport[]).map(callObject) : [];
  io.stdout.write(`${toJson({ command: title, error: { code, message, details }, calls: sent })}\n`);
}

function callObject({ contract, functionName, address, shown, status, gas, hash, block }: CallReport) {
  return { contract, function: functionName, address, arguments: shown, status, gas, hash, block };
}

function toObjects({ columns, rows }: { columns: Column[]; rows: Cell[][] }) {
  return rows.map((row) => Object.fromEntries(columns.map(({ title }, i) => [title, plain(row[i])])));
}

const plain = (cell: Cell | undefined) => (typeof cell === "object" ? cell.text : cell);

/** JSON for people and machines; large integers, infinities and NaN as strings. */
export function toJson(value: unknown): string {
  const beyondJson = (one: unknown) => typeof one === "bigint" || (typeof one === "number" && !Number.isFinite(one));
  return JSON.stringify(value, (_key, one) => (beyondJson(one) ? String(one) : one), 2);
}
