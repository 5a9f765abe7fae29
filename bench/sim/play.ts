import type { Chain } from "./chain.ts";
import { live } from "./epoch.ts";
import type { RowPlan } from "./rows.ts";
import { openWorld } from "./setup.ts";
import { type JurySize, TERMS } from "./terms.ts";
import { type Actor, actorsOf, type Counts, read, send, timesOf, type World, wealthOf } from "./world.ts";

/** What an actor has at the end, tokens over the whole run. */
export type Account = {
  name: string;
  /** What it got: fees, pay, bonds of others, its parts of slashes; bonds that it lost are subtracted. */
  income: number;
  cost: number;
  slashed: number;
  gas: number;
  profit: number;
};

/** A played world. */
export type Played = { accounts: Account[]; counts: Counts; scores: number[]; transactions: number };

/** How long and with what chance. */
export type PlayOptions = {
  seed: number;
  epochs: number;
  jury: JurySize;
  onEpoch: (epoch: number, of: number) => void;
};

/** Plays a strategy from deployment to the last claim. */
export async function play(chain: Chain, plan: RowPlan, options: PlayOptions): Promise<Played> {
  const world = await openWorld(chain, plan, options);
  await live(world, options.onEpoch);
  await claimAll(world);
  const accounts: Account[] = [];
  for (const actor of actorsOf(world)) accounts.push(await accountFor(world, actor));
  const scores: number[] = [];
  for (const { accounts: own } of world.providers) {
    const record = await read<{ score: number }>(world, "ReliabilityLedger", "reliability", own.at(-1), world.modelId);
    scores.push(record.score / 1e9);
  }
  return { accounts, counts: world.counts, scores, transactions: world.transactions };
}

/** Everybody takes what it is owed. */
async function claimAll(world: World): Promise<void> {
  for (const provider of world.providers) {
    for (const own of provider.accounts)
      await send(world, provider, "RewardDistributor", "claimProvider", [own, [world.modelId]]);
  }
  for (const verifier of world.verifiers)
    await send(world, verifier, "RewardDistributor", "claimVerifier", [verifier.accounts[0]]);
  // Bounties of the last epoch are shared once it is over.
  world.chain.at(timesOf(world, world.last + 3n).end);
  for (const actor of actorsOf(world)) {
    for (const own of actor.accounts) {
      if ((await read<bigint>(world, "RewardDistributor", "claimableChallenger", own)) > 0n)
        await send(world, actor, "RewardDistributor", "claimChallenger", [own]);
      for (const room of ["Penalties", "Demands", "DisputeCourt", "SeatCases"] as const) {
        if ((await read<bigint>(world, room, "owed", own)) > 0n) await send(world, actor, room, "claim", [own]);
      }
    }
  }
}

async function accountFor(world: World, actor: Actor): Promise<Account> {
  const gas = (actor.gasUsed / 1e6) * TERMS.gasPrice;
  const gained = (await wealthOf(world, actor)) - actor.endowed;
  const { name, cost, slashed } = actor;
  return { name, income: gained + slashed, cost, slashed, gas, profit: gained - cost - gas };
}
