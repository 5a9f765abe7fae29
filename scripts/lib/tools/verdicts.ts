import { type CellColour, renderTable } from "@surety/node-kit";
import { BEYOND, type ComparisonVerdict, type PanelResult, type ToleranceProfile } from "@surety/protocol";
import type { Judgement } from "./judge.ts";

/** The limits of a float output, in units of its tau (docs/protocol.md section 6). */
const LIMITS = { match: 1, mismatch: BEYOND };

const COLOURS: Record<ComparisonVerdict | PanelResult["verdict"], CellColour> = {
  match: "green",
  pass: "green",
  grey: "yellow",
  "not-judged": "yellow",
  mismatch: "red",
  fail: "red",
};

/** A verdict as a cell. */
export const verdictCell = (verdict: keyof typeof COLOURS) => ({ text: verdict, colour: COLOURS[verdict] });

/** A deviation in units of tau. */
export const showDeviation = (dev: number): string =>
  dev === 0 ? "0" : Number.isFinite(dev) ? String(Number(dev.toPrecision(3))) : "beyond";

const MEANING: Record<ComparisonVerdict, string> = {
  match: "these are outputs of this model",
  grey: "nothing is proved either way",
  mismatch: "these are not the outputs of this model",
};

/** A judgement as `--json` prints it. Deviations are in units of tau. */
export function judgementJson(judgement: Judgement, profile: ToleranceProfile) {
  const { verdict, reason, outside, inputHash, outputHash, outputs } = judgement;
  const domain = outside === undefined ? "not checked" : outside === null ? "inside" : "outside";
  return {
    verdict,
    reason,
    domain,
    inputHash,
    outputHash,
    outputs: outputs.map((output) => {
      const { tauMax, tauL2, floorScale, floorL2 } = profile.outputs.find(({ name }) => name === output.name) ?? {};
      return { ...output, tauMax, tauL2, floorScale, floorL2 };
    }),
    limits: LIMITS,
  };
}

/** A judgement as text: a row per output and a sentence that says why. */
export function judgementText({ verdict, reason, outside, outputs }: Judgement): string {
  const columns = [
    { title: "output" },
    { title: "compared" },
    { title: "from native", align: "right" as const },
    { title: "from WASM", align: "right" as const },
    { title: "match up to", align: "right" as const },
    { title: "mismatch above", align: "right" as const },
    { title: "wrong in kind" },
  ];
  const rows = outputs.map(({ name, rule, native, wasm, wrong }) => {
    const unit = rule === "float" ? " tau" : "";
    const limits = [LIMITS.match, rule === "float" ? LIMITS.mismatch : LIMITS.match];
    const cells = [native, wasm].map((dev) => showDeviation(dev) + (Number.isFinite(dev) ? unit : ""));
    return [name, rule, ...cells, ...limits.map((limit) => `${limit}${unit}`), wrong ?? "no"];
  });
  const word = verdict[0]!.toUpperCase() + verdict.slice(1);
  const domain = outside === undefined ? " Without a manifest the inputs' domain was not checked." : "";
  return `${renderTable(columns, rows)}\n\n${word}: ${reason}; ${MEANING[verdict]}.${domain}\n`;
}
