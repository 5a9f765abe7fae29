import { headerRlp, type RpcBlock } from "@surety/verifier";
import { bytesOf } from "./chance.ts";
import { inSpell } from "./conduct.ts";
import { serve } from "./log.ts";
import { enter } from "./setup.ts";
import { EPOCH_LENGTH, TERMS, wei } from "./terms.ts";
import { accountOf, coverOf, FIRST, identityAt, send, stakeOf, type World } from "./world.ts";

/** Funds the epoch that has begun, and lets whoever leaves come back under a new name. */
export async function begin(world: World, epoch: bigint): Promise<void> {
  const { chain, contracts, users, last } = world;
  const begun = epoch + 1n;
  if (begun <= last) {
    const args = [begun, wei(TERMS.budget)];
    await chain.send(users, contracts.RewardDistributor!, "RewardDistributor", "fund", args);
  }
  for (const provider of world.providers) {
    const next = provider.identities.at(-1)!.last + 1n;
    if (next === begun + 2n && next <= last) await enter(world, provider, next);
  }
}

/**
 * Every provider that promised the epoch serves what users asked of it and closes its log. Users come in proportion to the
 * stake that still covers the promise: nobody buys uncovered service here, in a real market some would.
 */
export async function closeLogs(world: World, epoch: bigint): Promise<void> {
  const { seed, modelId, exact, chain, contracts, users } = world;
  for (const provider of world.providers) {
    const identity = identityAt(provider, epoch);
    if (!identity) continue;
    const { number, conduct } = provider;
    const requests = Math.round(TERMS.requests * (await coverOf(world, identity.address)));
    const log = serve({ seed, provider: identity.address, number, modelId, epoch, requests, conduct, exact });
    world.logs.set(`${number} ${epoch}`, log);
    const { root, count, units } = log.tree;
    await send(
      world,
      provider,
      "ReceiptLog",
      "commit",
      [modelId, epoch, root, count, units, log.slots],
      identity.operator.address,
    );
    const cap = BigInt(TERMS.capacity) * EPOCH_LENGTH;
    world.demand.push({ epoch, owner: identity.address, shares: log.shares, units, cap });

    const fees = log.paid * TERMS.price;
    if (fees > 0) {
      await chain.send(users, contracts.TestAsset!, "TestAsset", "mint", [accountOf(provider), wei(fees)]);
      provider.fees += fees;
    }
    const capital = stakeOf() * provider.accounts.length * TERMS.capitalRate;
    const hardware = inSpell(conduct, Number(epoch - FIRST)) ? conduct.hardware : 1;
    provider.cost += log.compute + hardware * TERMS.hardwareCost + capital;
  }
}

/** Mines the first block at the epoch's seed time and draws the seed from its header. */
export async function draw(world: World, epoch: bigint): Promise<void> {
  const { block, parent } = await world.chain.mine(bytesOf(world.seed, "prevrandao", epoch));
  const headers = [block, parent].map((one) => headerRlp(one as RpcBlock));
  await send(world, world.watcher, "HeaderBeacon", "draw", [epoch, ...headers]);
}

/** Settles the epoch of all providers that promised it, at once. */
export async function settle(world: World, epoch: bigint): Promise<void> {
  const records = world.providers.flatMap((provider) => {
    const identity = identityAt(provider, epoch);
    return identity ? [{ provider: identity.address, modelId: world.modelId }] : [];
  });
  if (records.length > 0) await send(world, world.watcher, "AttestationHub", "settleAll", [records]);
}
