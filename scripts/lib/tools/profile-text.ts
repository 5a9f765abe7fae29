import { renderTable } from "@surety/node-kit";
import type { CheatPower, Share, ToleranceProfile } from "@surety/protocol";
import { showChance } from "./planning.ts";
import { showDeviation } from "./verdicts.ts";

const right = (title: string) => ({ title, align: "right" as const });
const share = ({ share: measured, low, high }: Share) =>
  `${showChance(measured)} (${showChance(low)} to ${showChance(high)})`;

function outputsTable({ outputs }: ToleranceProfile): string {
  const columns = [
    { title: "output" },
    { title: "datatype" },
    { title: "compared" },
    right("tauMax"),
    right("tauL2"),
    right("floor of scale"),
    right("floor of norm"),
  ];
  const rows = outputs.map(({ name, datatype, mode, ...o }) => {
    const numbers = [o.tauMax, o.tauL2, o.floorScale, o.floorL2].map((n) => (mode === "float" ? String(n) : "-"));
    return [name, datatype, mode, ...numbers];
  });
  return renderTable(columns, rows);
}

function cheatsTable(power: readonly CheatPower[]): string {
  const columns = [
    { title: "cheat" },
    right("inputs"),
    right("least (tau)"),
    right("median (tau)"),
    right("match"),
    right("grey"),
    right("mismatch (95 % limits)"),
  ];
  const rows = power.map(({ cheat, inputs, least, median, match, grey, mismatch }) => {
    const deviations = [least, median].map(showDeviation);
    return [cheat, inputs, ...deviations, showChance(match.share), showChance(grey.share), share(mismatch)];
  });
  return renderTable(columns, rows);
}

function missedTable(power: readonly CheatPower[]): string {
  const counts = ["12", "24", "48"] as const;
  const columns = [{ title: "missed by" }, { title: "cheats on" }, ...counts.map((count) => right(`${count} samples`))];
  const rows = power.flatMap(({ cheat, missed }) =>
    (["all", "tenth"] as const).map((which) => {
      const cells = counts.map((count) => {
        const { single, both } = missed[which][count];
        return `${showChance(single)}, with panel ${showChance(both)}`;
      });
      return [cheat, which === "all" ? "all answers" : "a tenth", ...cells];
    }),
  );
  return renderTable(columns, rows);
}

/** A tolerance profile for people: tolerances, and how well it tells each cheat of the battery. */
export function profileText(profile: ToleranceProfile): string {
  const power = Array.from(profile.power);
  const tables = power.length > 0 ? [cheatsTable(power), missedTable(power)] : ["No cheat was measured."];
  const pinned = profile.pinned
    ? `, pinned to ${profile.pinned.isa} with optimization ${profile.pinned.optimization}`
    : "";
  const head = `Class ${profile.class}${pinned}; ${profile.C} inputs, seed ${profile.seed}, ONNX Runtime ${profile.ortVersion}.`;
  return `${[head, outputsTable(profile), ...tables].join("\n\n")}\n`;
}
