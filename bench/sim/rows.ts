import {
  HONEST_PROVIDER,
  HONEST_VERIFIER,
  LAZY_VERIFIER,
  type ProviderConduct,
  type VerifierConduct,
} from "./conduct.ts";

/** Whose profit a row is about. */
export type Side = "provider" | "verifier" | "coalition";

/** One strategy, played against honest actors. */
export type RowPlan = {
  name: string;
  side: Side;
  /** Conduct of the last provider; all others are honest. Default: honest. */
  provider: ProviderConduct;
  /** Conduct of the deviating verifiers, and their share of all tickets. */
  verifier: VerifierConduct;
  share: number;
  /** Class of the model: answers within a tolerance, or to the bit. */
  exact: boolean;
};

const row = (name: string, side: Side, plan: Partial<Omit<RowPlan, "name" | "side">>): RowPlan => ({
  name,
  side,
  provider: HONEST_PROVIDER,
  verifier: HONEST_VERIFIER,
  share: 0,
  exact: false,
  ...plan,
});
const provider = (name: string, conduct: Partial<ProviderConduct>): RowPlan =>
  row(name, "provider", { provider: { ...HONEST_PROVIDER, ...conduct } });
const verifier = (name: string, share: number, conduct: Partial<VerifierConduct>, plan: Partial<RowPlan> = {}) =>
  row(name, "verifier", { verifier: { ...HONEST_VERIFIER, ...conduct }, share, ...plan });

/** Number of the provider that strategies are about: the last, or the first honest one that is slandered. */
const FRIEND = 3;
const RIVAL = 0;
const CHEAT = { ...HONEST_PROVIDER, cheap: 0.1, defends: "always" } as const;
const colluding = (share: number): RowPlan =>
  row(`colluding ${share * 100} %: match for a friend`, "coalition", {
    provider: CHEAT,
    verifier: { ...HONEST_VERIFIER, says: { [FRIEND]: "match" }, jury: "friend", friend: FRIEND },
    share,
  });
const slandering = (share: number): RowPlan =>
  verifier(`colluding ${share * 100} %: slander of one`, share, { says: { [RIVAL]: "mismatch" } });
/** A twentieth of tickets rounds to whole verifiers in worlds of both sizes. */
const FEW = 0.1;

/** Every row, in the order of the table. A new strategy is one more line. */
export const ROWS: readonly RowPlan[] = [
  provider("honest", {}),
  provider("peak-shedder", { lateAtPeak: 0.3, hardware: 0.7 }),
  provider("cheap model, 100 %", { cheap: 1 }),
  provider("cheap model, 10 %", { cheap: 0.1 }),
  provider("cheap model, 3 %", { cheap: 0.03 }),
  provider("cheap 10 %, defends every case", { cheap: 0.1, defends: "always" }),
  provider("padder", { padding: 80 }),
  provider("padder, cheap 10 %", { padding: 80, cheap: 0.1 }),
  provider("late everywhere, stays", { lateAtPeak: 0.15, lateElsewhere: 0.15, hardware: 0.7 }),
  provider("late everywhere, whitewashes", { lateAtPeak: 0.15, lateElsewhere: 0.15, hardware: 0.7, returnsAfter: 8 }),
  row("honest", "verifier", { share: FEW }),
  row("lazy, shows no outputs", "verifier", { verifier: LAZY_VERIFIER, share: FEW }),
  row("lazy, makes outputs up", "verifier", { verifier: { ...LAZY_VERIFIER, outputs: "made up" }, share: FEW }),
  row("lazy, makes up, class exact", "verifier", {
    verifier: { ...LAZY_VERIFIER, outputs: "made up" },
    share: FEW,
    exact: true,
  }),
  verifier("skips probes only", FEW, { probes: "claimed" }),
  verifier("skips juries only", FEW, { jury: "absent" }, { provider: CHEAT }),
  verifier("copies an honest leak", FEW, { outputs: "leaked", friend: FRIEND }),
  verifier(
    "copies a cheat's leak",
    FEW,
    { outputs: "leaked", friend: FRIEND, says: { [FRIEND]: "match" } },
    { provider: { ...HONEST_PROVIDER, cheap: 0.1 } },
  ),
  colluding(0.1),
  colluding(0.2),
  slandering(0.1),
  slandering(0.2),
  verifier("framer of all", FEW, { outputs: "made up", otherwise: "mismatch" }),
  verifier("framer of all, class exact", FEW, { otherwise: "mismatch" }, { exact: true }),
  verifier("griefer by bonds", FEW, { griefs: true }),
];
