import { type Cell, renderTable } from "@surety/node-kit";
import { type CheatPower, SuretyError, type ToleranceProfile } from "@surety/protocol";
import { type CheatPlan, type Outlook, outlook, rerunCost, samplesOfNew } from "./detection.ts";

/** What is known of a cheat's detection, from a profile or assumed. */
export type KnownCheat = {
  name: string;
  /** Share of its answers that a re-run calls a mismatch, and its lower confidence limit: 0 to 1. */
  power: number;
  low: number;
  missed?: CheatPower["missed"];
};

/** The planner's answer for one cheat and one number of samples. */
export type PlanRow = {
  cheat: string;
  samples: number | "new provider";
  power: number;
  /** By the test of single answers, with the measured share. */
  single: Outlook;
  /** The same with the lower confidence limit of that share. */
  atLeast: Outlook;
  /** By that and the panel test; null if nobody measured it at this share of cheats. */
  withPanel: Outlook | null;
};

/**
 * The cheats of a profile's battery, or the one that is asked for.
 *
 * @throws SuretyError `PLAN_NO_POWER` if the profile measured none, `PLAN_UNKNOWN_CHEAT`
 */
export function cheatsOf(profile: ToleranceProfile, only?: string): KnownCheat[] {
  const measured = Array.from(profile.power);
  if (measured.length === 0) {
    const message = "The profile measured no cheats; calibrate the model again, or state --power without --profile.";
    throw new SuretyError("PLAN_NO_POWER", message);
  }
  const chosen = measured.filter(({ cheat }) => only === undefined || cheat === only);
  if (chosen.length === 0) {
    const message = `The profile has no cheat "${only}"; it has ${measured.map(({ cheat }) => cheat).join(", ")}.`;
    throw new SuretyError("PLAN_UNKNOWN_CHEAT", message);
  }
  return chosen.map(({ cheat, mismatch, missed }) => ({
    name: cheat,
    power: mismatch.share,
    low: mismatch.low,
    missed,
  }));
}

const plans: { samples: PlanRow["samples"]; at: (settled: number) => number }[] = [
  ...[12, 24, 48].map((samples) => ({ samples, at: () => samples })),
  { samples: "new provider", at: samplesOfNew },
];

/** What the panel test was measured at that this provider does at least: more cheats are missed less. */
function measuredAt(cheatShare: number, missed: CheatPower["missed"] | undefined): CheatPlan["missed"] {
  return missed === undefined || cheatShare < 0.1 ? undefined : cheatShare < 1 ? missed.tenth : missed.all;
}

/** Answers for every cheat and number of samples. */
export function planRows(traffic: number, cheatShare: number, cheats: readonly KnownCheat[]): PlanRow[] {
  return cheats.flatMap(({ name, power, low, missed }) =>
    plans.map(({ samples, at }) => {
      const measured = measuredAt(cheatShare, missed);
      return {
        cheat: name,
        samples,
        power,
        single: outlook(at, traffic, { cheatShare, power }),
        atLeast: outlook(at, traffic, { cheatShare, power: low }),
        withPanel: measured === undefined ? null : outlook(at, traffic, { cheatShare, power, missed: measured }),
      };
    }),
  );
}

/** A probability for people: what is not certain does not read as 0 % or 100 %. */
export function showChance(p: number): string {
  if (p === 0 || p === 1) return `${p * 100} %`;
  if (p < 0.0001) return p.toExponential(1);
  return p > 0.9999 ? "> 99.99 %" : `${(p * 100).toFixed(2)} %`;
}

const showEpochs = (n: number) =>
  Number.isFinite(n) ? (n < 1e6 ? n.toFixed(n < 100 ? 1 : 0) : n.toExponential(1)) : "never";

const right = (title: string) => ({ title, align: "right" as const });

/** The rows as tables, one per number of samples, and what re-running costs. */
export function planText(rows: readonly PlanRow[], traffic: number): string {
  const columns = [
    { title: "cheat" },
    right("mismatch"),
    right("detected per epoch"),
    right("at least"),
    right("with panel"),
    right("epochs to detection"),
    right("undetected 7"),
    right("undetected 30"),
  ];
  const tables = plans.map(({ samples }) => {
    const cells = rows
      .filter((row) => row.samples === samples)
      .map(({ cheat, power, single, atLeast, withPanel }): Cell[] => {
        const best = withPanel ?? single;
        const panel = withPanel === null ? "-" : showChance(withPanel.perEpoch);
        const first = [cheat, showChance(power), showChance(single.perEpoch), showChance(atLeast.perEpoch), panel];
        return [...first, showEpochs(best.expectedEpochs), showChance(best.undetected7), showChance(best.undetected30)];
      });
    const cost = typeof samples === "number" ? rerunCost(samples, traffic) : undefined;
    const title = cost
      ? `${samples} samples an epoch: ${cost.reruns} re-runs, ${showChance(cost.ofTraffic)} of the traffic`
      : "A new provider: 48 samples for 7 epochs, 24 up to the 30th, then 12";
    return `${title}\n${renderTable(columns, cells)}\n`;
  });
  return `${tables.join("\n")}
The last three columns are by both tests where the panel test was measured, else by single answers alone. A sample shows
a cheat with probability cheat share x mismatch share q: u different answers miss it with (1 - q)^u. See docs/check.md.
`;
}
