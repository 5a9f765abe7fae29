// Writes test/vectors/wire.json: golden vectors for every item of docs/protocol.md sections 5 to 8 that both languages tell.
// Deterministic: `node scripts/vectors.ts` writes the file, `node scripts/vectors.ts --check` fails if it differs.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { comparisons, documents, profile } from "./vectors/comparison.ts";
import { demand, draws, seatCases } from "./vectors/draws.ts";
import { commitments, reports, settlement } from "./vectors/findings.ts";
import { pay, records, schedule } from "./vectors/record.ts";
import { leaves, merkleSums, receipts, requests, tensors } from "./vectors/wire.ts";

const FILE = fileURLToPath(new URL("../test/vectors/wire.json", import.meta.url));

/** The whole file as text: bigints as decimal strings, bytes as 0x hex, infinite deviations as text. */
export async function wireVectors(): Promise<string> {
  const record = records();
  const all = {
    note: "Written by scripts/vectors.ts. Large numbers are decimal strings, bytes 0x hex, an empty seat the zero address.",
    tensors: tensors(),
    receipts: await receipts(),
    requests: await requests(),
    leaves: leaves(),
    merkleSum: merkleSums(),
    ...draws(),
    seats: seatCases(),
    demand: demand(),
    reports: reports(),
    settlement: settlement(),
    commitments: commitments(),
    records: record,
    pay: pay(record.runs),
    schedule: schedule(),
    comparison: { profile, cases: comparisons() },
    documents: documents(),
  };
  const text = (_: string, v: unknown) => (typeof v === "bigint" || v === Number.POSITIVE_INFINITY ? String(v) : v);
  return `${JSON.stringify(all, text, 1)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await wireVectors();
  if (!process.argv.includes("--check")) writeFileSync(FILE, text);
  else if (readFileSync(FILE, "utf8") !== text) {
    process.exitCode = 1;
    console.error(
      "test/vectors/wire.json is not what scripts/vectors.ts writes: run `node scripts/vectors.ts` and review the change",
    );
  }
}
