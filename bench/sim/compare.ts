import type { Account, Played } from "./play.ts";
import { deviantCount, type RowPlan } from "./rows.ts";
import { type JurySize, TERMS } from "./terms.ts";

/** One line of the table; amounts are tokens per epoch, of all members together. */
export type Row = {
  side: string;
  strategy: string;
  /** Who plays it: providers of all, or verifiers' share of tickets. */
  share: string;
  income: number;
  cost: number;
  slashed: number;
  gas: number;
  profit: number;
  /** What as many honest peers earned in the same world. */
  peers: number;
  /** What the same members earn in the same world if they are honest: same seed, same draws. */
  honest: number;
  /** What deviating gains, and how much further ahead of its peers it gets; honesty is first if neither is above zero. */
  gain: number;
  lead: number;
  honestFirst: boolean;
  where: string;
  counts: Played["counts"];
  /** Last published score of the provider that the strategy is about, 1 = 100 %. */
  score: number;
  /** Profit per epoch of the watcher, and what all honest providers together lose to the strategy. */
  watcher: number;
  providersLose: number;
};

/** Differences below this are rounding, tokens per epoch. */
const NOTHING = 0.005;

/** Who plays a strategy, as names of accounts, and who is left as honest peers. */
function membersOf(plan: RowPlan, jury: JurySize): { members: string[]; providers: string[]; verifiers: string[] } {
  const count = Math.max(plan.side === "provider" ? 0 : 1, deviantCount(plan, jury));
  const friend = `provider ${TERMS.providers - 1}`;
  const allVerifiers = Array.from({ length: jury.verifiers }, (_, i) => `verifier ${i}`);
  const deviants = allVerifiers.slice(jury.verifiers - count);
  const providers = Array.from({ length: TERMS.providers - 1 }, (_, i) => `provider ${i}`);
  const verifiers = allVerifiers.slice(0, jury.verifiers - count);
  if (plan.side === "provider") return { members: [friend], providers, verifiers: [] };
  if (plan.side === "verifier") return { members: deviants, providers: [], verifiers };
  return { members: [friend, ...deviants], providers, verifiers };
}

/** Compares a strategy with honesty in its place. @param base the same world with honest members */
export function compare(
  plan: RowPlan,
  played: Played,
  base: Played,
  { epochs, jury }: { epochs: number; jury: JurySize },
): Row {
  const { members, providers, verifiers } = membersOf(plan, jury);
  const of = ({ accounts }: Played, names: string[], field: keyof Omit<Account, "name">) =>
    accounts.filter(({ name }) => names.includes(name)).reduce((sum, account) => sum + account[field], 0) / epochs;
  // As many honest actors of each kind as the strategy has members.
  const peersIn = (world: Played): number => {
    const kinds = [providers, verifiers].map((names) => {
      const kind = names[0]?.split(" ")[0] ?? "";
      const count = members.filter((name) => name.startsWith(kind)).length;
      return names.length === 0 ? 0 : (of(world, names, "profit") * count) / names.length;
    });
    return kinds.reduce((sum, profit) => sum + profit, 0);
  };
  const profit = of(played, members, "profit");
  const honest = of(base, members, "profit");
  const peers = peersIn(played);
  const gain = profit - honest;
  const lead = profit - peers - (honest - peersIn(base));
  const deviants = deviantCount(plan, jury);
  const honestProviders = Array.from({ length: TERMS.providers - 1 }, (_, i) => `provider ${i}`);
  return {
    side: plan.side,
    strategy: plan.name,
    share: plan.side === "provider" ? `1 of ${TERMS.providers}` : `${deviants} of ${jury.verifiers}`,
    income: of(played, members, "income"),
    cost: of(played, members, "cost"),
    slashed: of(played, members, "slashed"),
    gas: of(played, members, "gas"),
    profit,
    peers,
    honest,
    gain,
    lead,
    honestFirst: gain <= NOTHING && lead <= NOTHING,
    where: whereOf(gain, lead),
    counts: played.counts,
    score: played.scores[TERMS.providers - 1]!,
    watcher: of(played, ["watcher"], "profit"),
    providersLose: of(base, honestProviders, "profit") - of(played, honestProviders, "profit"),
  };
}

function whereOf(gain: number, lead: number): string {
  const found: string[] = [];
  if (gain > NOTHING) found.push(`earns ${gain.toFixed(2)} more than by honesty`);
  if (gain <= NOTHING && lead > NOTHING)
    found.push(`its peers lose ${(lead - gain).toFixed(2)}, it loses ${(-gain).toFixed(2)}`);
  return found.join("; ");
}
