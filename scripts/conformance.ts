// Runs the test cases of the ONNX backend suite through the gate, the sandbox and the comparison.
import { openSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type CaseResult, CONFORMANCE_UNEXPECTED, findCases, runCases } from "@surety/inference";
import { renderTable } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";

const HELP = `usage: npm run conformance -- DIR [--json FILE] [--timeout-ms 30000]

Runs every case of the ONNX backend suite below DIR: folders with model.onnx and
test_data_set_*/input_*.pb, output_*.pb. DIR is the suite's data folder, one of its
parts (node, simple, ...) or a single case.

  --json FILE      write the results, an array of
                   { "case": "node/test_abs", "result": "pass" | "fail" | "refused", "reason": "" },
                   sorted by case; a reason starts with a code
  --timeout-ms N   milliseconds that a load or a run may take (30000)

pass     every output agrees: floats within rtol 1e-3 and atol 1e-7, all else exactly
fail     it was run, and did not give that; also a model that the runtime cannot load,
         takes too long with, or dies of
refused  the gate would not have it run

Ends with 0 once every case has a result, whatever it is; 1 after a fault of Surety
itself, 64 for a wrong command line, 65 if DIR holds no cases.

Example:
  npm run conformance -- onnx/backend/test/data --json results.json`;

const EXIT: Readonly<Record<string, number>> = { CONFORMANCE_BAD_FLAG: 64, CONFORMANCE_NO_CASES: 65 };
const badFlag = (message: string, cause?: unknown) =>
  new SuretyError("CONFORMANCE_BAD_FLAG", `${message}\n\n${HELP}`, { cause });

function readFlags() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: "string" },
        "timeout-ms": { type: "string", default: "30000" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw badFlag(error instanceof Error ? error.message : String(error), error);
  }
}

/** Opens the file of results before the work, so that a wrong path is told at once. */
function openResults(path: string): number {
  try {
    return openSync(path, "w");
  } catch (error) {
    throw badFlag(`--json ${path} cannot be written: ${error instanceof Error ? error.message : error}.`, error);
  }
}

/** Overwrites one line of a terminal; says nothing elsewhere. */
const progress = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);

/** Cases by part of the suite and result, and how many share each code. */
function summary(results: readonly CaseResult[]): string {
  const count = (part: string, result: CaseResult["result"]) =>
    results.filter((one) => (part === "all" || one.case.startsWith(`${part}/`)) && one.result === result).length;
  const parts = [...new Set(results.map((one) => one.case.split("/")[0]!)), "all"];
  const right = (title: string) => ({ title, align: "right" }) as const;
  const counts = renderTable(
    [{ title: "suite" }, right("pass"), right("fail"), right("refused")],
    parts.map((part) => [part, count(part, "pass"), count(part, "fail"), count(part, "refused")]),
  );
  const codes = new Map<string, CaseResult[]>();
  for (const one of results) {
    if (one.result === "pass") continue;
    const key = `${one.result} ${one.reason.split(":")[0]}`;
    codes.set(key, [...(codes.get(key) ?? []), one]);
  }
  if (codes.size === 0) return counts;
  const rows = [...codes].sort(([, a], [, b]) => b.length - a.length);
  const reasons = renderTable(
    [{ title: "result and code" }, right("cases"), { title: "for example" }],
    rows.map(([code, cases]) => [code, cases.length, cases[0]!.case]),
  );
  return `${counts}\n\n${reasons}`;
}

async function main(): Promise<number> {
  const { values, positionals } = readFlags();
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [folder] = positionals;
  if (folder === undefined || positionals.length > 1) throw badFlag(`${positionals.length} folders; needs one.`);
  const timeoutMs = Number(values["timeout-ms"]);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 3_600_000) {
    throw badFlag(`--timeout-ms is "${values["timeout-ms"]}"; needs an integer of 1 to 3600000.`);
  }
  const cases = findCases(folder);
  const file = values.json === undefined ? undefined : openResults(values.json);
  const startedAt = performance.now();
  const results = await runCases(cases, {
    timeoutMs,
    onResult: (one, done, total) => progress(`${done}/${total}  ${one.case}`),
  });
  progress("");
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  console.log(
    `${summary(results)}\n\n${results.length} cases in ${Math.round((performance.now() - startedAt) / 1000)} s`,
  );
  return results.some(({ reason }) => reason.startsWith(CONFORMANCE_UNEXPECTED)) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof SuretyError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = EXIT[error.code] ?? 1;
}
