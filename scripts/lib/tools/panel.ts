import { renderTable } from "@surety/node-kit";
import { type PanelResult, panelDeviation, panelDeviations, panelTest } from "@surety/protocol";
import type { Io } from "../session.ts";
import { EXIT, type Outcome } from "../tool.ts";
import { about } from "./files.ts";
import { type Judgement, judge } from "./judge.ts";
import { readRequest, readResponse } from "./messages.ts";
import { listPairs, type Pair } from "./pairs.ts";
import { createProgress } from "./progress.ts";
import { type Subject, withRerunner } from "./subject.ts";
import { judgementJson, showDeviation, verdictCell } from "./verdicts.ts";

type Row = Judgement & { name: string };

/** The panel test's finding, or why there is none. */
type Finding = PanelResult | { verdict: "not-judged"; n: 0; why: string };

async function judgeAll(subject: Subject, pairs: readonly Pair[], timeoutMs: number, io: Io): Promise<Row[]> {
  const progress = createProgress(io);
  try {
    return await withRerunner(subject, timeoutMs, async (rerun) => {
      const rows: Row[] = [];
      for (const { name, request, response } of pairs) {
        progress.at(name, rows.length, pairs.length);
        const pair = { request: await readRequest(request), response: await readResponse(response) };
        const judgement = await judge(subject, rerun, pair).catch((error) => {
          throw about(request, error);
        });
        rows.push({ name, ...judgement });
      }
      return rows;
    });
  } finally {
    progress.end();
  }
}

function test({ profile }: Subject, rows: readonly Row[]): Finding {
  if (profile.panel === undefined) return { verdict: "not-judged", n: 0, why: "the profile has no panel test" };
  const samples = rows.map((comparison) => ({ inputHash: comparison.inputHash, comparison }));
  return panelTest(panelDeviations(samples), profile.panel);
}

/** A profile without a panel test leaves nothing unknown: its single answers are all there is to judge. */
function exitOf(rows: readonly Row[], panel: Finding): number {
  if (rows.some(({ verdict }) => verdict === "mismatch") || panel.verdict === "fail") return EXIT.mismatch;
  const open = panel.verdict === "not-judged" && !("why" in panel);
  return open || rows.some(({ verdict }) => verdict === "grey") ? EXIT.grey : EXIT.ok;
}

function sentence(finding: Finding, least: number): string {
  if ("why" in finding) return `Panel: not judged; ${finding.why}.`;
  const { verdict, n, p } = finding;
  if (verdict === "not-judged") return `Panel: not judged; ${n} samples with inputs of their own, needs ${least}.`;
  const chance = `honest outputs lie this far off or further with probability ${p.toPrecision(2)} or less`;
  return `Panel: ${verdict}; of ${n} samples together, ${chance}.`;
}

function toText(rows: readonly Row[], finding: Finding, least: number): string {
  const columns = [
    { title: "pair" },
    { title: "verdict" },
    { title: "deviation (tau)", align: "right" as const },
    { title: "why" },
  ];
  const cells = rows.map(({ name, ...judgement }) => {
    const deviation = panelDeviation(judgement);
    const shown = deviation === undefined ? "-" : showDeviation(deviation);
    return [name, verdictCell(judgement.verdict), shown, judgement.reason];
  });
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
  const counts = `${count("match")} match, ${count("grey")} grey, ${count("mismatch")} mismatch`;
  return `${renderTable(columns, cells)}\n\n${rows.length} pairs: ${counts}.\n${sentence(finding, least)}\n`;
}

/**
 * Judges every pair in a folder, then all of them together by the panel test. Pairs with the same inputs count once in
 * the panel test, by the largest deviation.
 *
 * @param timeoutMs milliseconds that one run may take
 * @returns exit code 1 if any pair is a mismatch or the panel test fails, 2 if any is grey or the panel test had too few
 * samples, else 0
 * @throws SuretyError as `listPairs`, `readRequest`, `judge`: one bad pair spoils the panel
 */
export async function checkPanel(subject: Subject, folder: string, timeoutMs: number, io: Io): Promise<Outcome> {
  const rows = await judgeAll(subject, await listPairs(folder), timeoutMs, io);
  const finding = test(subject, rows);
  const { alpha, least, stretch } = subject.profile.panel ?? {};
  const pairs = rows.map(({ name, ...judgement }) => ({
    name,
    ...judgementJson(judgement, subject.profile),
    deviation: panelDeviation(judgement) ?? null,
  }));
  return {
    code: exitOf(rows, finding),
    json: { model: subject.hash, panel: { ...finding, alpha, least, stretch }, pairs },
    text: toText(rows, finding, least ?? 0),
  };
}
