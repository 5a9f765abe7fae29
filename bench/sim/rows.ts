import {
  HONEST_PROVIDER,
  HONEST_VERIFIER,
  LAZY_VERIFIER,
  type ProviderConduct,
  type VerifierConduct,
} from "./conduct.ts";
import type { JurySize } from "./terms.ts";

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
const LATE = { lateAtPeak: 0.15, lateElsewhere: 0.15, hardware: 0.7 } as const;
const CHEAT = { ...HONEST_PROVIDER, cheap: 0.1, defends: "always" } as const;
const colluding = (share: number): RowPlan =>
  row(`colluding ${share * 100} %: match for a friend`, "coalition", {
    provider: CHEAT,
    verifier: { ...HONEST_VERIFIER, says: { [FRIEND]: "match" }, jury: "friend", friend: FRIEND },
    share,
  });
const slandering = (share: number): RowPlan =>
  verifier(`colluding ${share * 100} %: slander of one`, share, { says: { [RIVAL]: "mismatch" } });
/** Share of tickets that single strategies play with: 3 verifiers of 30, one of 12. */
const FEW = 0.1;

/** Every row, in the order of the table; (exact): a model whose outputs have no tolerance. A new strategy is one more line. */
export const ROWS: readonly RowPlan[] = [
  provider("honest", {}),
  provider("peak-shedder", { lateAtPeak: 0.3, hardware: 0.7 }),
  provider("cheap model 100 %", { cheap: 1 }),
  provider("cheap model 10 %", { cheap: 0.1 }),
  provider("cheap model 3 %", { cheap: 0.03 }),
  provider("cheap model 10 % that defends itself", { cheap: 0.1, defends: "always" }),
  provider("padder", { padding: 80 }),
  provider("padder with cheap model 10 %", { padding: 80, cheap: 0.1 }),
  provider("late for 6 epochs and stays", { ...LATE, spell: 6 }),
  provider("late for 6 epochs and whitewashes", { ...LATE, spell: 6, returns: true }),
  row("honest", "verifier", { share: FEW }),
  row("lazy without outputs", "verifier", { verifier: LAZY_VERIFIER, share: FEW }),
  row("lazy with made-up outputs", "verifier", { verifier: { ...LAZY_VERIFIER, outputs: "made up" }, share: FEW }),
  row("lazy with made-up outputs (exact)", "verifier", {
    verifier: { ...LAZY_VERIFIER, outputs: "made up" },
    share: FEW,
    exact: true,
  }),
  verifier("skips probes", FEW, { probes: "claimed" }),
  verifier("counts one probe for all", FEW, { probes: "repeated" }),
  verifier("skips probes, says none was answered", FEW, { probes: "failed" }),
  verifier("skips juries", FEW, { jury: "absent" }, { provider: CHEAT }),
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
  verifier("framer of all (exact)", FEW, { otherwise: "mismatch" }, { exact: true }),
  verifier("griefer by bonds", FEW, { griefs: true }),
];

/** Verifiers that deviate: at least one if any do. */
export const deviantCount = ({ share }: Pick<RowPlan, "share">, { verifiers }: JurySize): number =>
  share === 0 ? 0 : Math.max(1, Math.round(share * verifiers));
