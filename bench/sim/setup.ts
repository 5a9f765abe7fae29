import { concatHex, keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { Chain } from "./chain.ts";
import { bytesOf } from "./chance.ts";
import { HONEST_PROVIDER, HONEST_VERIFIER } from "./conduct.ts";
import { deployOn } from "./deployment.ts";
import { deviantCount, type RowPlan } from "./rows.ts";
import { type JurySize, TERMS, wei } from "./terms.ts";
import {
  accountOf,
  actorAt,
  addressOf,
  endow,
  FIRST,
  type Provider,
  send,
  stakeOf,
  type Verifier,
  type World,
} from "./world.ts";

/** Tokens at hand for bonds of demands and cases: a slandered provider may have to call 48 juries at once. */
const AT_HAND = { provider: 2_000, verifier: 500, watcher: 50_000 };
/** 32-bit float outputs have a tolerance, 64-bit integers none. */
const OUTPUT = { tolerance: { elementType: 1, tauMax: 5n * 10n ** 12n }, exact: { elementType: 7, tauMax: 0n } };

/** How large a world is, and how long it lives. */
export type WorldSize = { seed: number; epochs: number; jury: JurySize; providers?: number };

/** Opens a market: contracts, a model, providers with their promises, verifiers with their tickets. */
export async function openWorld(
  chain: Chain,
  plan: RowPlan,
  { seed, epochs, jury, providers = TERMS.providers }: WorldSize,
): Promise<World> {
  await chain.restart();
  const users = addressOf("users");
  await chain.open(users);
  const sinks = { sink: addressOf("sink"), reserve: addressOf("reserve") };
  const { contracts, genesis } = await deployOn(chain, users, sinks, jury);
  const world: World = {
    chain,
    seed,
    exact: plan.exact,
    jury,
    contracts,
    modelId: keccak256(toHex("model")),
    genesis,
    last: FIRST + BigInt(epochs) - 1n,
    users,
    providers: [],
    verifiers: [],
    watcher: actorAt("watcher", addressOf("watcher")),
    logs: new Map(),
    demand: [],
    reruns: [],
    probes: [],
    unanswered: [],
    cases: [],
    seatCases: [],
    counts: { confirmed: 0, acquitted: 0, mistrials: 0, unshown: 0, refuted: 0, contradicted: 0, accusers: 0 },
    transactions: 0,
  };
  await registerModel(world);
  chain.at(genesis);
  await chain.send(users, contracts.TestAsset!, "TestAsset", "mint", [users, wei(TERMS.budget * (epochs + 8))]);
  await chain.send(users, contracts.TestAsset!, "TestAsset", "approve", [contracts.RewardDistributor, 2n ** 255n]);
  await endow(world, world.watcher, AT_HAND.watcher);
  for (let number = 0; number < providers; number++) {
    const conduct = number === providers - 1 ? plan.provider : HONEST_PROVIDER;
    const name = `provider ${number}`;
    const provider: Provider = { ...actorAt(name, addressOf(name)), number, conduct, identities: [] };
    world.providers.push(provider);
    await enter(world, provider, FIRST);
  }
  const deviants = deviantCount(plan, jury);
  for (let number = 0; number < jury.verifiers; number++) {
    const conduct = number >= jury.verifiers - deviants ? plan.verifier : HONEST_VERIFIER;
    const name = `verifier ${number}`;
    const verifier: Verifier = { ...actorAt(name, addressOf(name)), number, conduct };
    world.verifiers.push(verifier);
    const stake = TERMS.ticket * TERMS.tickets;
    await endow(world, verifier, stake + AT_HAND.verifier);
    await send(world, verifier, "StakePool", "bond", [accountOf(verifier), wei(stake)]);
    await send(world, verifier, "VerifierRegistry", "buy", [BigInt(TERMS.tickets)]);
  }
  return world;
}

async function registerModel(world: World): Promise<void> {
  const { chain, contracts, users, modelId, exact } = world;
  const output = { name: "output", ...(exact ? OUTPUT.exact : OUTPUT.tolerance) };
  const args = [modelId, keccak256(toHex("profile")), 4096, [output], "ipfs://manifest"];
  await chain.send(users, contracts.ModelRegistry!, "ModelRegistry", "register", args);
}

/** Registers a provider's next identity, bonds, and promises from `first` on: to the end, or to that of its spell. */
export async function enter(world: World, provider: Provider, first: bigint): Promise<void> {
  const { spell, returns } = provider.conduct;
  const number = provider.identities.length;
  if (number > 0) provider.accounts.push(addressOf(`${provider.name}, identity ${number}`));
  const address = accountOf(provider);
  const leaves = returns && number === 0 ? first + BigInt(spell) - 1n : world.last;
  const last = leaves < world.last ? leaves : world.last;
  const stake = stakeOf();
  await endow(world, provider, stake + AT_HAND.provider);
  await send(world, provider, "StakePool", "bond", [address, wei(stake)]);
  const domain = concatHex([address, `0x${"00".repeat(12)}`]);
  const operator = privateKeyToAccount(bytesOf(0, "operator", address));
  await world.chain.open(operator.address);
  await send(world, provider, "ProviderRegistry", "register", [operator.address, "https://provider.example", domain]);
  const { target, capacity, price } = TERMS;
  const promise = [address, world.modelId, target, 2_000, capacity, wei(price), Number(first), Number(last)];
  await send(world, provider, "CommitmentBook", "commit", promise);
  provider.identities.push({ address, operator, first, last });
}
