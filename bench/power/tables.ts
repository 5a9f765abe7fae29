import { type Cell, type Column, renderTable } from "@surety/node-kit";
import { SAMPLE_COUNTS, wilsonInterval } from "@surety/protocol";
import type { Passed } from "./epochs.ts";
import type { ModelResult, PowerReport } from "./result.ts";
import { totalHonest } from "./targets.ts";

const left = (title: string): Column => ({ title });
const right = (title: string): Column => ({ title, align: "right" });
const count = (n: number) => n.toLocaleString("en");
const significant = (n: number | null) => (n === null ? "inf" : String(Number(n.toPrecision(3))));
const percent = (share: number) => `${(share * 100).toFixed(share > 0 && share < 0.001 ? 3 : 1)} %`;

/** A share in per cent with Wilson's 95 % limits. */
function limits(hits: number, of: number): string {
  const { low, high } = wilsonInterval(hits, of);
  return `${percent(hits / of)} (${percent(low)} - ${percent(high)})`;
}

const marked = (n: number, bad: boolean): Cell => (bad ? { text: count(n), colour: "red" } : count(n));

/** Honest answers by model and configuration; the last columns count simulated epochs whose panel test failed. */
export function honestTable(models: readonly ModelResult[]): string {
  const columns = [
    left("model"),
    left("configuration"),
    ...["checks", "not bit-equal", "match", "grey", "mismatch", "tau from native", "nearer"].map(right),
    ...SAMPLE_COUNTS.map((samples) => right(`alarms ${samples}`)),
  ];
  const rows = models.flatMap(({ name, honest }) =>
    honest.map(({ configuration, checks, different, verdicts, fromNative, fromNearer, epochs }): Cell[] => [
      name,
      configuration,
      count(checks),
      count(different),
      count(verdicts.match),
      count(verdicts.grey),
      marked(verdicts.mismatch, verdicts.mismatch > 0),
      significant(fromNative),
      significant(fromNearer),
      ...SAMPLE_COUNTS.map((samples) => count(epochs[samples].epochs - epochs[samples].panel)),
    ]),
  );
  return renderTable(columns, rows);
}

/** What the honest checks together bound. */
export function honestSummary(models: readonly ModelResult[]): string {
  const { checks, different, mismatch, grey, epochs, alarms } = totalHonest(models);
  const most = (of: number) =>
    of === 0 ? "nothing is known" : `at most ${percent(wilsonInterval(mismatch, of).high)}`;
  return (
    `${count(checks)} honest checks, ${count(different)} of them not bit-equal to the reference: ${count(mismatch)} mismatches, ` +
    `${count(grey)} grey.\nFalse mismatches (Wilson, 95 %): ${most(checks)} of all, ${most(different)} of those not bit-equal.\n` +
    `Panels that failed: ${count(alarms)} of ${count(epochs)} simulated honest epochs.`
  );
}

/** Single answers of cheats by verdict; shares with their limits. */
export function answersTable(models: readonly ModelResult[]): string {
  const columns = [
    left("model"),
    left("cheat"),
    ...["answers", "match", "grey", "mismatch", "least tau", "median tau"].map(right),
  ];
  const rows = models.flatMap(({ name, cheats }) =>
    cheats.map(({ cheat, answers, verdicts, least, median }): Cell[] => [
      name,
      cheat,
      count(answers),
      limits(verdicts.match, answers),
      percent(verdicts.grey / answers),
      percent(verdicts.mismatch / answers),
      significant(least),
      significant(median),
    ]),
  );
  return renderTable(columns, rows);
}

/** Simulated epochs of a cheating provider that each test, and both together, let pass. */
export function epochsTable(models: readonly ModelResult[]): string {
  const columns = [
    left("model"),
    left("cheat"),
    right("all, 12: single"),
    right("panel"),
    right("both"),
    ...["24: both", "48: both", "tenth, 12: both", "24: both", "48: both"].map(right),
  ];
  const both = (passed: Passed) => count(passed.both);
  const rows = models.flatMap(({ name, cheats }) =>
    cheats.map(({ cheat, epochs: { all, tenth } }): Cell[] => [
      name,
      cheat,
      count(all[12].single),
      count(all[12].panel),
      ...SAMPLE_COUNTS.map((samples) => both(all[samples])),
      ...SAMPLE_COUNTS.map((samples) => both(tenth[samples])),
    ]),
  );
  return renderTable(columns, rows);
}

/** The whole report for people. */
export function renderReport(report: PowerReport, epochs: number): string {
  const { machine, models, leftOut, targets } = report;
  const drawn = `of ${count(epochs)} simulated epochs each`;
  const idle = models.flatMap(({ name, idle }) => idle.map((cheat) => `${name}: ${cheat}`));
  const exact = models.filter((model) => model.class === "exact").map(({ name }) => name);
  const verdicts = targets.map(({ target, met, found }): Cell[] => [
    met ? { text: "met", colour: "green" } : { text: "missed", colour: "red" },
    target,
    found,
  ]);
  return [
    `${machine.processor}, ${machine.cores} cores, ${machine.isa}; ${machine.system}, Node ${machine.node}, ONNX Runtime ${machine.onnxruntime}; seed ${report.seed}, ${report.seconds} s`,
    `Honest answers on fresh inputs; largest deviation in units of tau, from native and from the nearer of native and WASM; alarms: failed panels of 12, 24, 48 samples ${drawn}`,
    honestTable(models),
    honestSummary(models),
    ...leftOut.map(({ configuration, reason }) => `Left out: ${configuration}: ${reason}`),
    ...(exact.length > 0
      ? [`Compared bit for bit under what their profiles pin (class exact): ${exact.join(", ")}`]
      : []),
    "Single answers of cheats; match with Wilson's limits at 95 %",
    answersTable(models),
    ...(idle.length > 0 ? [`Cheats that change no bit of any answer: ${idle.join(", ")}`] : []),
    `Epochs that pass, cheating on all or a tenth of the answers, ${drawn}`,
    epochsTable(models),
    "Targets",
    renderTable([left(""), left("target"), left("found")], verdicts),
  ].join("\n\n");
}
